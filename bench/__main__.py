"""`make bench`: measures the bars of the product and prints them as a table."""

import sys
import tempfile
from pathlib import Path

from app.infra.local import testing
from bench import measures, report


def main() -> int:
    """Run every measurement. Returns 1 when a bar is missed."""
    sizes = measures.SIZES if "--quick" not in sys.argv else measures.QUICK_SIZES
    servers = testing.start_servers(fast=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = measures.run(servers, Path(folder), sizes)
    finally:
        servers.stop()
    report.show(rows)
    return 1 if any(row.is_missed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
