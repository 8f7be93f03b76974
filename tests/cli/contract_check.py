#!/usr/bin/env python3
"""Holds a running desk's answers to docs/api/openapi.yaml: every GET, as staff and as a customer; each answer must fit the schema of its status, and have
no field that the contract does not know. usage: contract_check.py CONTRACT DESK STAFF-COOKIE CUSTOMER-COOKIE CASE TICKET

Exit status 1 and one line a drift."""
import json
import sys
import urllib.error
import urllib.request

import jsonschema
import yaml

contract_file, desk, staff, customer, case, ticket = sys.argv[1:7]
contract = yaml.safe_load(open(contract_file))
ids = {"case": case, "ticket": ticket, "server": "srv-1", "customer": "1001", "number": "1", "version": "1", "report": "1", "switch": "none",
       "sha256": "0" * 64, "user": "none", "webhook": "none", "action": "none"}
queries = {"/v1/audit-log": ["source=cases", "source=people"], "/v1/aup/{version}/difference": ["from=1"],
           "/v1/cases": ["status=all", "sort=deadline&limit=1", "state=nonsense", "flag=approval"]}
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


def ask(target, cookie):
    request = urllib.request.Request(desk + target, headers={"Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Content-Type", ""), error.read()


def check(operation, target, cookie, who):
    global checked
    status, kind, body = ask(target, cookie)
    where = f"GET {target} as {who}: {status}"
    response = operation["responses"].get(str(status)) or (operation["responses"].get("4XX") if status // 100 == 4 else None)
    if response is None:
        drifts.append(f"{where}: the contract does not promise this status: {body[:200]!r}")
        return
    content = resolve(response).get("content", {})
    kind = kind.split(";")[0]
    if kind not in content:
        drifts.append(f"{where}: {kind} is not promised")
        return
    if not kind.endswith("json"):
        return
    checked += 1
    value = json.loads(body)
    schema = {"$ref": "#/components/schemas/X", "components": {"schemas": {**contract["components"]["schemas"], "X": content[kind]["schema"]}}}
    for error in jsonschema.Draft202012Validator(schema).iter_errors(value):
        drifts.append(f"{where}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    drifts.extend(f"{where}: {name} is not in the contract" for name in unknown(value, content[kind]["schema"], ""))


for path, item in contract["paths"].items():
    operation = item.get("get")
    if operation is None or path == "/v1/stream":
        continue
    target = path
    for name, value in ids.items():
        target = target.replace("{" + name + "}", value)
    for query in queries.get(path, [""]):
        full = target + ("?" + query if query else "")
        check(operation, full, staff, "staff")
        check(operation, full, customer, "customer")
for drift in drifts:
    print(drift)
print(f"contract: {checked} answers, {len(drifts)} drifts")
sys.exit(1 if drifts or checked < 60 else 0)
