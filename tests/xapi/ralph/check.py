"""What Ralph's own model of a statement says of the statements on standard input (a JSON list): one line for each fault.

Run by the Python of the environment that requirements.txt beside this file pins.
"""

from __future__ import annotations

import json
import sys

from pydantic import ValidationError
from ralph.models.xapi.base.statements import BaseXapiStatement

for number, statement in enumerate(json.load(sys.stdin)):
    try:
        BaseXapiStatement(**statement)
    except ValidationError as error:
        for fault in error.errors():
            print(f"{number}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}")
