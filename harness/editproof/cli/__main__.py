"""``python -m editproof.cli``."""

from editproof.cli import main

raise SystemExit(main())
