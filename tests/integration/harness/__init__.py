# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests stand on; conftest.py makes fixtures of it."""
