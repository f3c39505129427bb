/* The calendar of providers. The server decides everything: a move that it refuses snaps back and says why. */
(() => {
  const root = document.getElementById("calendar");
  const toasts = document.getElementById("cal-toasts");
  const options = JSON.parse(document.getElementById("cal-options").textContent);
  const day = document.getElementById("cal-day");
  const provider = document.getElementById("cal-provider");
  const kind = document.getElementById("cal-type");
  const givenUp = document.getElementById("cal-given-up");
  const query = new URLSearchParams(location.search);
  const isPhone = matchMedia("(max-width: 700px)").matches;
  // A week of columns is too narrow for a finger: a phone lists it.
  const VIEWS = { day: "resourceTimeGridDay", week: isPhone ? "listWeek" : "timeGridWeek", month: "dayGridMonth", list: "listDay" };
  const UNDO_FOR = 9000;
  // A visit of this many minutes is high enough for two lines of text.
  const TWO_LINES = 15;
  const pad = (number) => String(number).padStart(2, "0");
  const dateOf = (moment) => `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
  // The library shows wall time as it stands in the text, so what it hands back is the clinic's wall time too.
  const wallOf = (moment) => `${dateOf(moment)}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
  const clockOf = (moment) => `${moment.getHours() % 12 || 12}:${pad(moment.getMinutes())} ${moment.getHours() < 12 ? "AM" : "PM"}`;
  const keyOf = (id) => options.providers.find((one) => one.id === Number(id))?.key;
  const word = (status) => (status === "no-show" ? "No-show" : status[0].toUpperCase() + status.slice(1).replaceAll("-", " "));

  function toast(text, { isBad = false, action = null } = {}) {
    const box = document.createElement("div");
    box.className = `s-toast${isBad ? " s-toast--bad" : ""}`;
    box.setAttribute("role", isBad ? "alert" : "status");
    box.append(Object.assign(document.createElement("span"), { textContent: text }));
    if (action) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: action.label });
      button.addEventListener("click", () => {
        box.remove();
        action.run();
      });
      box.append(button);
    }
    toasts.replaceChildren(box);
    setTimeout(() => box.remove(), UNDO_FOR);
  }

  async function ask(url, body) {
    const headers = { Accept: "application/json" };
    if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": clinic.csrf() });
    const answer = await fetch(url, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(found.message || "The clinic's system did not answer. Please try again.");
    return found;
  }

  function eventOf(visit) {
    return {
      id: String(visit.id),
      resourceIds: [visit.resource],
      start: visit.starts_at.slice(0, 19),
      end: visit.ends_at.slice(0, 19),
      title: `${visit.patient}, ${visit.type_name}, ${visit.provider_name}, ${visit.place ? `${visit.place}, ` : ""}${word(visit.status)}`,
      editable: visit.editable,
      startEditable: visit.editable,
      durationEditable: visit.editable,
      classNames: ["c-event", `c-event--${visit.status}`, visit.editable ? "c-event--movable" : "c-event--fixed"],
      extendedProps: visit,
    };
  }

  /* A group session looks like a visit that cannot be dragged; its link opens the attendance list. */
  const SESSION_LOOKS = { open: "confirmed", closed: "confirmed", done: "completed", cancelled: "cancelled" };
  function sessionOf(one) {
    const seats = `${one.taken} of ${one.capacity} seats`;
    const status = SESSION_LOOKS[one.status];
    return {
      id: `session-${one.id}`,
      resourceIds: [one.resource],
      start: one.starts_at.slice(0, 19),
      end: one.ends_at.slice(0, 19),
      title: `Group session ${one.title}, ${one.type_name}, ${one.provider_name}, ${one.place ? `${one.place}, ` : ""}${seats}`,
      editable: false,
      startEditable: false,
      durationEditable: false,
      classNames: ["c-event", `c-event--${status}`, "c-event--fixed", "c-event--session"],
      extendedProps: { ...one, status, patient: `${one.title} (${one.taken}/${one.capacity})`, said: one.status === "cancelled" ? "Cancelled" : seats },
    };
  }

  function backgroundOf(found) {
    const everybody = options.providers.map((one) => one.id);
    const open = found.open.map((one) => ({ resourceIds: [one.resource], className: "s-open", ...one }));
    const closed = found.closures.map((one) => ({ resourceIds: everybody, className: "s-closed", ...one }));
    return [...open, ...closed].map((one, at) => ({
      id: `background-${at}`,
      display: "background",
      resourceIds: one.resourceIds,
      start: one.starts_at.slice(0, 19),
      end: one.ends_at.slice(0, 19),
      title: one.name ?? "",
      classNames: [one.className],
    }));
  }

  const SIGNS = { pending: "? ", "checked-in": "✓ ", "in-progress": "▸ ", completed: "✔ ", confirmed: "" };
  const signOf = (status) => SIGNS[status] ?? "✕ ";

  async function load(window) {
    const until = new Date(window.end.getTime() - 1000);
    const view = calendar?.getView().type ?? VIEWS.day;
    const withHours = view === VIEWS.day || view === VIEWS.week;
    const wanted = new URLSearchParams({ from: dateOf(window.start), to: dateOf(until), hours: withHours ? "yes" : "no" });
    if (provider.value) wanted.set("provider", provider.value);
    if (kind.value) wanted.set("type", kind.value);
    if (givenUp.checked) wanted.set("given_up", "yes");
    try {
      const found = await ask(`${options.feed}?${wanted}`);
      if (found.is_cut) toast("There are more visits than the calendar can show. Please choose a provider or a shorter time.");
      return [...(withHours || view === VIEWS.month ? backgroundOf(found) : []), ...found.events.map(eventOf), ...found.sessions.map(sessionOf)];
    } catch (error) {
      toast(error.message, { isBad: true });
      return [];
    }
  }

  const inGrid = () => [VIEWS.day, "timeGridWeek", VIEWS.month].includes(calendar?.getView().type ?? VIEWS.day);

  /* A real link: reachable by keyboard, opens in a new tab with the middle button. */
  function drawn({ event }) {
    if (event.display === "background") return { domNodes: [document.createTextNode(event.title)] };
    const visit = event.extendedProps;
    const isMonth = calendar?.getView().type === VIEWS.month;
    const link = document.createElement(visit.url ? "a" : "span");
    link.className = "s-event";
    if (visit.url) link.href = visit.url;
    link.draggable = false;
    const who = Object.assign(document.createElement("span"), { className: "s-event__who", textContent: `${isMonth ? `${clockOf(event.start)} ` : ""}${signOf(visit.status)}${visit.patient}` });
    const mark = visit.needs_rebooking ? " · needs rebooking" : "";
    const what = Object.assign(document.createElement("span"), { className: "s-event__what", textContent: `${clockOf(event.start)} · ${visit.type_name} · ${visit.said ?? word(visit.status)}${mark}` });
    link.append(who);
    const minutes = (event.end - event.start) / 60000;
    if (!inGrid() || (!isMonth && minutes >= TWO_LINES)) link.append(what);
    // The name begins with what is seen, so that one can say it to a voice control.
    if (visit.url) link.setAttribute("aria-label", `${link.textContent}, ${clockOf(event.start)} ${event.title}`);
    // A plain click comes through eventClick, which knows whether it was a drag.
    link.addEventListener("click", (click) => {
      if (click.detail && !click.ctrlKey && !click.metaKey && !click.shiftKey) click.preventDefault();
    });
    return { domNodes: [link] };
  }

  function mounted({ el, event }) {
    if (event.display === "background") return;
    // The stripe says what kind of visit, the rest of the colour its status.
    el.style.borderLeftColor = event.extendedProps.colour;
    el.style.borderLeftWidth = "5px";
    for (const name of ["role", "tabindex"]) el.removeAttribute(name);
    el.title = event.title;
  }

  async function moved(info) {
    const { event, oldEvent } = info;
    const visit = event.extendedProps;
    const before = { starts_at: wallOf(oldEvent.start), ends_at: wallOf(oldEvent.end), provider: keyOf(oldEvent.resourceIds[0]) };
    const after = { starts_at: wallOf(event.start), ends_at: wallOf(event.end), provider: keyOf(event.resourceIds[0]) };
    try {
      const successor = await ask(`${options.visits}${visit.id}/reschedule/`, { ...after, version: visit.version });
      calendar.refetchEvents();
      toast(`Moved to ${clockOf(event.start)}. The patient is told.`, { action: { label: "Undo", run: () => undo(successor, before) } });
    } catch (error) {
      info.revert();
      toast(error.message, { isBad: true });
    }
  }

  async function undo(successor, before) {
    try {
      await ask(`${options.visits}${successor.id}/reschedule/`, { ...before, version: successor.version, reason: "Move undone" });
      toast("The visit is back at its old time.");
    } catch (error) {
      toast(error.message, { isBad: true });
    }
    calendar.refetchEvents();
  }

  function book({ date, resource, allDay }) {
    if (!options.book) return;
    const wanted = new URLSearchParams({ day: dateOf(date) });
    if (!allDay && calendar.getView().type !== VIEWS.month) wanted.set("at", wallOf(date).slice(11));
    const chosen = resource ? keyOf(resource.id) : provider.value;
    if (chosen) wanted.set("provider", chosen);
    if (kind.value) wanted.set("type", kind.value);
    location.assign(`${options.book}?${wanted}`);
  }

  function columns() {
    return options.providers.filter((one) => !provider.value || one.key === provider.value);
  }

  /* Today opens at the present hour, other days in the morning. */
  function scrollTo() {
    return day.value === options.today ? options.now : "07:40:00";
  }

  function remember() {
    const view = Object.keys(VIEWS).find((name) => VIEWS[name] === calendar.getView().type);
    const shown = new URLSearchParams({ view, day: day.value });
    if (provider.value) shown.set("provider", provider.value);
    if (kind.value) shown.set("type", kind.value);
    history.replaceState(null, "", `?${shown}`);
    const list = document.querySelector("[data-day-list]");
    list.href = `${options.dayList}?${new URLSearchParams({ day: day.value, provider: provider.value })}`;
  }

  day.value = /^\d{4}-\d\d-\d\d$/.test(query.get("day")) ? query.get("day") : options.today;
  provider.value = query.get("provider") ?? "";
  kind.value = query.get("type") ?? "";
  let calendar;
  calendar = EventCalendar.create(root, {
    view: VIEWS[query.get("view")] ?? (isPhone ? VIEWS.list : VIEWS.day),
    date: day.value,
    locale: "en-PH",
    firstDay: 1,
    headerToolbar: { start: "prev,next today", center: "title", end: Object.values(VIEWS).join(",") },
    buttonText: (texts) => ({ ...texts, today: "Today", resourceTimeGridDay: "Day", timeGridWeek: "Week", listWeek: "Week", dayGridMonth: "Month", listDay: "List", prev: "Earlier", next: "Later" }),
    slotMinTime: "07:00",
    slotMaxTime: "18:00",
    flexibleSlotTimeLimits: { eventFilter: (event) => event.display !== "background" },
    // Ten minutes are as high as a finger or a tired hand needs (WCAG 2.5.8).
    slotDuration: "00:10",
    slotLabelInterval: "01:00",
    slotHeight: 24,
    height: isPhone ? "auto" : "max(520px, calc(100dvh - 270px))",
    scrollTime: scrollTo(),
    slotEventOverlap: false,
    snapDuration: "00:05",
    allDaySlot: false,
    nowIndicator: true,
    dayMaxEvents: true,
    moreLinkContent: ({ num }) => `${num} more`,
    views: { dayGridMonth: { height: isPhone ? "640px" : "860px", titleFormat: { year: "numeric", month: "long" } }, listDay: { height: "auto" }, listWeek: { height: "auto" } },
    eventStartEditable: true,
    eventDurationEditable: true,
    titleFormat: { weekday: "short", year: "numeric", month: "short", day: "numeric" },
    noEventsContent: "No visits on this day.",
    resources: columns(),
    eventSources: [{ events: load }],
    loading: (isLoading) => root.setAttribute("aria-busy", String(isLoading)),
    eventContent: drawn,
    eventDidMount: mounted,
    eventClick: ({ event, jsEvent }) => !jsEvent.ctrlKey && !jsEvent.metaKey && event.display !== "background" && event.extendedProps.url && location.assign(event.extendedProps.url),
    eventDrop: moved,
    eventResize: moved,
    dateClick: book,
    datesSet: ({ view }) => {
      if (!calendar) return;
      const shown = calendar.getOption("date");
      day.value = dateOf(shown instanceof Date ? shown : view.currentStart);
      if (calendar.getOption("scrollTime") !== scrollTo()) calendar.setOption("scrollTime", scrollTo());
      remember();
    },
  });
  clinic.repairCalendar(root, "Calendar of providers");
  remember();

  day.addEventListener("change", () => day.value && calendar.setOption("date", day.value));
  for (const control of [provider, kind, givenUp]) {
    control.addEventListener("change", () => {
      calendar.setOption("resources", columns());
      calendar.refetchEvents();
      remember();
    });
  }
})();
