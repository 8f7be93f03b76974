#!/usr/bin/env python3
"""Holds a desk's answers, and what was sent to it, to docs/api/openapi.yaml: each must fit the schema of its operation and status, and have no field that
the contract does not know.

usage: contract_check.py CONTRACT DESK STAFF-COOKIE CUSTOMER-COOKIE CASE TICKET   every GET of a running desk, as staff and as a customer
       contract_check.py CONTRACT --said FILE                                       what somebody wrote down, one exchange a line (tests/e2e/browser.mjs)

Exit status 1 and one line a drift."""
import json
import re
import sys
import urllib.error
import urllib.request

import jsonschema
import yaml

contract_file = sys.argv[1]
contract = yaml.safe_load(open(contract_file))
drifts = []
checked = 0


def resolve(schema):
    while "$ref" in schema:
        node = contract
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = {**node, **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def known_fields(schema):
    """Names of an object's properties, allOf included; None where any are allowed."""
    schema = resolve(schema)
    names = set(schema.get("properties", {}))
    if "additionalProperties" in schema:
        return None
    for part in schema.get("allOf", []):
        more = known_fields(part)
        if more is None:
            return None
        names |= more
    return names or None


def properties(schema):
    schema = resolve(schema)
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found.update(properties(part))
    return found


def unknown(value, schema, where):
    schema = resolve(schema)
    if isinstance(value, list) and "items" in schema:
        for one in value:
            yield from unknown(one, schema["items"], where + "[]")
    if isinstance(value, dict):
        names = known_fields(schema)
        if names is not None:
            yield from (f"{where}.{name}" for name in value if name not in names)
        for name, inner in properties(schema).items():
            if name in value:
                yield from unknown(value[name], inner, f"{where}.{name}")


def ask(url, cookie):
    request = urllib.request.Request(url, headers={"Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Content-Type", ""), error.read()


def fits(value, schema, where):
    """Appends to drifts what does not fit."""
    whole = {"$ref": "#/components/schemas/X", "components": {"schemas": {**contract["components"]["schemas"], "X": schema}}}
    for error in jsonschema.Draft202012Validator(whole).iter_errors(value):
        drifts.append(f"{where}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    drifts.extend(f"{where}: {name} is not in the contract" for name in unknown(value, schema, ""))


def check_answer(operation, where, status, kind, body):
    global checked
    where = f"{where}: {status}"
    response = operation["responses"].get(str(status)) or (operation["responses"].get("4XX") if status // 100 == 4 else None)
    if response is None:
        drifts.append(f"{where}: the contract does not promise this status: {body[:200]!r}")
        return
    content = resolve(response).get("content", {})
    kind = kind.split(";")[0]
    if not content and not body:
        checked += 1
        return
    if kind not in content:
        drifts.append(f"{where}: {kind} is not promised")
        return
    checked += 1
    if kind.endswith("json"):
        fits(json.loads(body), content[kind]["schema"], where)


def check_request(operation, where, kind, body):
    content = operation.get("requestBody", {}).get("content", {})
    kind = kind.split(";")[0]
    if body and not content:
        drifts.append(f"{where}: a body is sent that the contract does not know")
    elif body and kind not in content:
        drifts.append(f"{where}: {kind} is not what the contract takes")
    elif body and kind.endswith("json"):
        fits(json.loads(body), content[kind]["schema"], f"{where}, sent")


def check_running(desk, staff, customer, case, ticket):
    ids = {"case": case, "ticket": ticket, "server": "srv-1", "customer": "1001", "number": "1", "version": "1", "report": "1", "switch": "none",
           "sha256": "0" * 64, "user": "none", "webhook": "none", "action": "none"}
    queries = {"/v1/audit-log": ["source=cases", "source=people"], "/v1/aup/{version}/difference": ["from=1"],
               "/v1/cases": ["status=all", "sort=deadline&limit=1", "state=nonsense", "flag=approval"]}
    for path, item in contract["paths"].items():
        operation = item.get("get")
        if operation is None or path == "/v1/stream":
            continue
        target = path
        for name, value in ids.items():
            target = target.replace("{" + name + "}", value)
        for query in queries.get(path, [""]):
            full = target + ("?" + query if query else "")
            for who, cookie in (("staff", staff), ("customer", customer)):
                check_answer(operation, f"GET {full} as {who}", *ask(desk + full, cookie))


def check_said(file):
    """How often each operation that changes something was seen to be done."""
    paths = [(re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$"), item) for path, item in contract["paths"].items()]
    # A path that is all words goes before one with a parameter in the same place.
    paths.sort(key=lambda one: one[0].pattern.count("[^/]+"))
    changed = {}
    for line in open(file):
        said = json.loads(line)
        path = said["target"].split("?")[0]
        where = f"{said['method']} {said['target']}"
        item = next((item for pattern, item in paths if pattern.match(path)), None)
        operation = (item or {}).get(said["method"].lower())
        if operation is None:
            drifts.append(f"{where}: not in the contract")
            continue
        if said["status"] < 400:
            check_request(operation, where, said["sent_type"], said["sent"])
            if said["method"] != "GET":
                changed[operation["operationId"]] = changed.get(operation["operationId"], 0) + 1
        check_answer(operation, where, said["status"], said["type"], said["body"])
    return changed


if sys.argv[2] == "--said":
    changed = check_said(sys.argv[3])
    least, more = 1, f", {len(changed)} operations that change something: {' '.join(sorted(changed))}"
else:
    check_running(*sys.argv[2:7])
    least, more = 60, ""
for drift in sorted(set(drifts)):
    print(drift)
print(f"contract: {checked} answers, {len(drifts)} drifts{more}")
sys.exit(1 if drifts or checked < least else 0)
