"""Names and places as one meets them in Cebu."""

from typing import Final

WOMEN: Final = (
    "Ma. Theresa", "Ma. Cristina", "Ma. Lourdes", "Angelica", "Princess Joy", "Kristine Mae",
    "Mary Grace", "Althea", "Bea Nicole", "Camille", "Danica", "Ellaine", "Francesca", "Hannah Mae",
    "Isabel", "Jessa Mae", "Katrina", "Lyka", "Mikaela", "Nicole Anne", "Patricia", "Rizza",
    "Shaina", "Trisha Marie", "Vanessa", "Yssabelle", "Zyra", "Charmaine", "Aira", "Loren Joy",
)  # fmt: skip
MEN: Final = (
    "John Paul", "Mark Anthony", "Jose Maria", "Juan Miguel", "Christian", "Angelo", "Bryan",
    "Carlo", "Daryl", "Emmanuel", "Francis", "Gabriel", "Harold", "Ian Kenneth", "Jericho",
    "Kenneth", "Lorenzo", "Marco", "Niño", "Paolo", "Rafael", "Santino", "Vince", "Xander",
    "Joshua", "Kyle Andrei", "Jan Rey", "Aldrin", "Clint", "Rey Mark",
)  # fmt: skip
SURNAMES: Final = (
    "Abellana", "Alcantara", "Alegado", "Bacalso", "Baguio", "Borromeo", "Cabahug", "Cañete",
    "Ceniza", "Codilla", "Cortes", "Dacua", "De los Santos", "Dela Cruz", "Dela Peña",
    "Delos Reyes", "Enriquez", "Escaño", "Espina", "Fernandez", "Gabuya", "Garcia", "Go",
    "Gonzales", "Ibañez", "Jumao-as", "Lao", "Lim", "Llanos", "Mabini", "Magallanes", "Mendoza",
    "Montaño", "Navarro", "Nuñez", "Ocampo", "Ong", "Osmeña", "Ouano", "Padilla", "Peñaflor",
    "Pepito", "Quijano", "Quisumbing", "Rama", "Ramirez", "Reyes", "Reyes-Lim", "Rosales",
    "Sabellano", "Salvador", "Santos", "Sarmiento", "Sevilla", "Solon", "Sy", "Tan", "Tumulak",
    "Uy", "Velez", "Villanueva", "Villarin", "Yap", "Ybañez", "Yu", "Zafra", "Zanoria",
    "D'Souza",
)  # fmt: skip
SUFFIXES: Final = ("Jr.", "Jr.", "II", "III")
# City or municipality, postal code, barangays; the province is Cebu.
PLACES: Final = (
    ("Cebu City", "6000", ("Lahug", "Mabolo", "Guadalupe", "Talamban", "Banilad", "Labangon")),
    ("Cebu City", "6000", ("Tisa", "Capitol Site", "Kamputhaw", "Punta Princesa", "Apas", "Pardo")),
    ("Mandaue City", "6014", ("Subangdaku", "Tipolo", "Casuntingan", "Cabancalan", "Bakilid")),
    ("Lapu-Lapu City", "6015", ("Pajo", "Gun-ob", "Basak", "Marigondon")),
    ("Talisay City", "6045", ("Tabunok", "Lawaan", "San Roque", "Bulacao")),
    ("Consolacion", "6001", ("Tayud", "Nangka", "Pitogo")),
    ("Liloan", "6002", ("Yati", "Poblacion", "Catarman")),
    ("Minglanilla", "6046", ("Tungkop", "Linao", "Poblacion Ward II")),
)  # fmt: skip
STREETS: Final = (
    "Sampaguita Street", "Acacia Street", "Molave Street", "Narra Street", "Rosal Street",
    "Sitio Riverside", "Sitio Mahayahay", "Villa Gardens Subdivision", "Purok 3", "Camia Street",
)  # fmt: skip
RELATIONS: Final = ("Mother", "Mother", "Father", "Father", "Guardian", "Sister", "Brother", "Aunt")
# Short code, group, last year of study, and whether it is taught at the main campus.
PROGRAMS: Final = (
    ("BSN", "SHCP", 4, False), ("BSN", "SHCP", 4, False), ("BS Pharm", "SHCP", 4, False),
    ("BSTM", "SBE", 4, True), ("BSA", "SBE", 4, True), ("BSBA", "SBE", 4, True),
    ("BSCpE", "SOE", 4, False), ("BSCE", "SOE", 4, False), ("BSIT", "SAS", 4, False),
    ("BS Psych", "SAS", 4, False), ("BSArch", "SAFAD", 5, False), ("BFA", "SAFAD", 4, False),
    ("BSEd", "SED", 4, False), ("BA PolSci", "SOLG", 4, True), ("MA Ed", "master's", 0, True),
)  # fmt: skip
# How often each blood group is found in the Philippines, in percent.
BLOOD_TYPES: Final = {"O+": 45, "B+": 26, "A+": 22, "AB+": 5, "O-": 1, "A-": 1}
PLANS: Final = ("Visayas Care Plan", "Island Health Cooperative", "Family Shield Plan")
