#!/usr/bin/env python3
"""SPDX and CycloneDX of bundles: against the official schemas, and for what no schema says.

sbom.py PARIGOT-BUNDLE CACHE [BUNDLE ...] [--fetch]. Beside the bundles named, one whose every text is hostile. No network: every
reference leads somewhere, every name is there once, every input and digest of the manifest is told, digests of modules are
those of the extracted files, and the same bundle gives the same bytes wherever it lies. CycloneDX' schema comes from the npm
package @cyclonedx/cyclonedx-library, which --fetch puts into CACHE; SPDX publishes its own on no registry: CACHE/spdx-schema.json
is used when it is there (schemas/spdx-schema.json of the specification, version 2.3). Needs python3-jsonschema for those. What is
missing is skipped with a word. Reports in TAP.
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import tap
from tap import Failure

PACKAGE, ARCHIVE = '@cyclonedx/cyclonedx-library@10.3.0', 'cyclonedx-cyclonedx-library-10.3.0.tgz'
SCHEMAS = ('bom-1.6', 'jsf-0.82', 'spdx', 'cryptography-defs')
HOSTILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'bundle', 'hostile.py')


def run(*command, **variables):
    environment = {k: v for k, v in os.environ.items() if k != 'SOURCE_DATE_EPOCH'} | variables
    result = subprocess.run(command, capture_output=True, env=environment, timeout=100, check=False)
    if result.returncode:
        raise Failure(f'{command}: status {result.returncode}\n{result.stderr.decode()[-2000:]}')
    return result.stdout


def inspect(options, form, bundle, **variables):
    return json.loads(run(options.bundle, 'inspect', f'--format={form}', bundle, **variables))


def check(fact, words):
    if not fact:
        raise Failure(words)


def inputs_of(manifest):
    """Name and digest of everything that was linked, each once."""
    return {(f'{i["name"]}({i["member"]})' if i['member'] else i['name'], i['digest'], i['producers'])
            for m in manifest['modules'] for i in m['inputs']}


def module_digests(options, folder, bundle, manifest):
    digests = []
    for index, module in enumerate(manifest['modules']):
        path = os.path.join(folder, f'{index}.wasm')
        run(options.bundle, 'extract', '--module', module['name'], '-o', path, bundle)
        with open(path, 'rb') as f:
            data = f.read()
        digests.append((module['name'], hashlib.blake2b(data, digest_size=32).hexdigest(), hashlib.sha256(data).hexdigest()))
    return digests


def manifest_hash(options, folder, bundle):
    path = os.path.join(folder, 'manifest')
    run(options.bundle, 'extract', '--manifest', path, bundle)
    with open(path, 'rb') as f:
        return hashlib.blake2b(f.read()).hexdigest()


def uuid_of(digest):
    number = int(digest[:32], 16) & ~(0xf << 76) & ~(3 << 62) | 8 << 76 | 2 << 62
    text = f'{number:032x}'
    return '-'.join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def spdx(options, folder, bundle):
    manifest = inspect(options, 'json', bundle)['manifest']
    document = inspect(options, 'spdx', bundle)
    packages = {p['SPDXID']: p for p in document['packages']}
    check(len(packages) == len(document['packages']), 'an SPDXID is there twice')
    check(all(re.fullmatch('SPDXRef-[A-Za-z0-9.-]+', i) for i in packages), 'an SPDXID has characters that it must not have')
    relations = {(r['spdxElementId'], r['relationshipType'], r['relatedSpdxElement'], r.get('comment'))
                 for r in document['relationships']}
    check(len(relations) == len(document['relationships']), 'a relationship is there twice')
    for a, _, b, _ in relations:
        check(a in packages or a == 'SPDXRef-DOCUMENT', f'{a} is nowhere')
        check(b in packages, f'{b} is nowhere')
    check(('SPDXRef-DOCUMENT', 'DESCRIBES', 'SPDXRef-Bundle', None) in relations, 'the bundle is not described')

    def digest(package, algorithm):
        return next(c['checksumValue'] for c in package['checksums'] if c['algorithm'] == algorithm)
    told = [(p['name'], digest(p, 'BLAKE2b-256'), digest(p, 'SHA256'))
            for i, p in packages.items() if i.startswith('SPDXRef-Module-')]
    check(told == module_digests(options, folder, bundle, manifest), f'modules: {told}')
    contained = {b for a, kind, b, _ in relations if (a, kind) == ('SPDXRef-Bundle', 'CONTAINS')}
    check(contained == {i for i in packages if re.match('SPDXRef-(Module|Blob)-', i)}, 'the bundle contains something else')
    inputs = {(p['name'], digest(p, 'BLAKE2b-256'), p.get('sourceInfo', 'made by ').removeprefix('made by '))
              for i, p in packages.items() if i.startswith('SPDXRef-Input-')}
    check(inputs == inputs_of(manifest), 'inputs are not those of the manifest')
    for index, module in enumerate(manifest['modules'], 1):
        made_of = {b for a, kind, b, _ in relations if (a, kind) == (f'SPDXRef-Module-{index}', 'GENERATED_FROM')}
        check(len(made_of) == len(inputs_of({'modules': [module]})), f'module {index} is made of {made_of}')
    tools = {p['name'] for i, p in packages.items() if i.startswith('SPDXRef-Tool-')}
    check(tools == {i[2] for i in inputs if i[2]} | {manifest['tool']}, f'tools: {tools}')
    name = manifest['name']
    namespace = f'https://spdx.org/spdxdocs/{name}-{uuid_of(manifest_hash(options, folder, bundle))}'
    check(document['documentNamespace'] == namespace, document['documentNamespace'])
    check(document['creationInfo']['created'] == '1970-01-01T00:00:00Z', 'a time that nobody has said')
    dated = inspect(options, 'spdx', bundle, SOURCE_DATE_EPOCH='1700000000')
    check(dated['creationInfo'] == {'created': '2023-11-14T22:13:20Z', 'creators': document['creationInfo']['creators']},
          dated['creationInfo'])


def cyclonedx(options, folder, bundle):
    manifest = inspect(options, 'json', bundle)['manifest']
    document = inspect(options, 'cyclonedx', bundle)
    components = {c['bom-ref']: c for c in document['components']}
    services = {s['bom-ref']: s for s in document['services']}
    everything = components | services | {'bundle': document['metadata']['component']}
    check(len(everything) == len(document['components']) + len(services) + 1, 'a bom-ref is there twice')
    needs = {d['ref']: d['dependsOn'] for d in document['dependencies']}
    check(len(needs) == len(document['dependencies']), 'a dependency is there twice')
    for ref, others in needs.items():
        check(ref in everything and all(o in everything for o in others), f'{ref} needs what is nowhere')
        check(len(set(others)) == len(others), f'{ref} needs something twice')

    def digest(component, algorithm):
        return next(h['content'] for h in component['hashes'] if h['alg'] == algorithm)
    modules = [c for r, c in components.items() if r.startswith('module-')]
    told = [(c['name'], digest(c, 'BLAKE2b-256'), digest(c, 'SHA-256')) for c in modules]
    check(told == module_digests(options, folder, bundle, manifest), f'modules: {told}')
    check(needs['bundle'] == [c['bom-ref'] for c in modules], 'the bundle needs something else than its modules')
    inputs = {(c['name'], digest(c, 'BLAKE2b-256'), c.get('properties', [{'value': ''}])[0]['value'])
              for r, c in components.items() if r.startswith('input-')}
    check(inputs == inputs_of(manifest), 'inputs are not those of the manifest')
    check([s['name'] for s in services.values()] == [s['name'] for s in manifest['services']], 'services')
    for component, module in zip(modules, manifest['modules']):
        called = {services[r]['name'] for r in needs[component['bom-ref']] if r in services}
        imported = {i['service'] for i in module['imports']} - {'parigot.kernel.v1.Kernel'}
        check(called == imported, f'{module["name"]} calls {called}')
        said = {p['name'].removeprefix('parigot:verdict:'): p['value'] for p in component['properties']
                if p['name'].startswith('parigot:verdict:')}
        results = {v['code']: v['result'].removeprefix('RESULT_').lower().replace('_', ' ') for v in module['verdicts']}
        check(said == results, f'verdicts: {said}')
        waivers = [p['value'] for p in component['properties'] if p['name'] == 'parigot:waiver']
        check(waivers == [f'{w["rule"]} {w["symbol"]}: {w["reason"]}' for w in module['waivers']], f'waivers: {waivers}')
    check(document['serialNumber'] == 'urn:uuid:' + uuid_of(manifest_hash(options, folder, bundle)), document['serialNumber'])
    check('timestamp' not in document['metadata'], 'a time that nobody has said')
    dated = inspect(options, 'cyclonedx', bundle, SOURCE_DATE_EPOCH='1700000000')
    check(dated['metadata'].pop('timestamp') == '2023-11-14T22:13:20Z' and dated == document, 'SOURCE_DATE_EPOCH')


def same_bytes(options, folder, bundle):
    """Elsewhere, at another time, signed or not: materials stay the same."""
    elsewhere, key = os.path.join(folder, 'other name'), os.path.join(folder, 'k')
    shutil.copy(bundle, elsewhere)
    signed = elsewhere
    if 'hostile' not in bundle:  # nobody signs that
        run(options.bundle, 'keygen', '-W', '-s', key, '-p', key + '.pub')
        run(options.bundle, 'sign', '-s', key, elsewhere)
    for form in ('spdx', 'cyclonedx'):
        first = run(options.bundle, 'inspect', f'--format={form}', bundle)
        again = run(options.bundle, 'inspect', f'--format={form}', signed, TZ='Asia/Tokyo', LC_ALL='C.UTF-8')
        check(first == again, f'{form} depends on where the bundle lies')


def validator(schema, others):
    import jsonschema
    with_formats = {'format_checker': jsonschema.FormatChecker()}
    try:
        from referencing import Registry, Resource
        registry = Registry().with_resources([(s['$id'], Resource.from_contents(s)) for s in others])
        return jsonschema.validators.validator_for(schema)(schema, registry=registry, **with_formats)
    except ImportError:
        resolver = jsonschema.RefResolver.from_schema(schema, store={s['$id']: s for s in others})
        return jsonschema.validators.validator_for(schema)(schema, resolver=resolver, **with_formats)


def schemas(options):
    """By format: what validates it. Those that are there."""
    found = {}
    archive, own = os.path.join(options.cache, ARCHIVE), os.path.join(options.cache, 'spdx-schema.json')
    if os.path.exists(archive):
        with tarfile.open(archive) as t:
            all_of_them = [json.load(t.extractfile(f'package/res/schema/{s}.SNAPSHOT.schema.json')) for s in SCHEMAS]
        found['cyclonedx'] = validator(all_of_them[0], all_of_them)
    if os.path.exists(own):
        with open(own, encoding='utf-8') as f:
            found['spdx'] = validator(json.load(f), [])
    return found


def conforms(options, folder, bundle, form, schema):
    document = inspect(options, form, bundle)
    errors = [f'{"/".join(str(p) for p in e.path)}: {e.message[:300]}' for e in schema.iter_errors(document)]
    check(not errors, '\n'.join(errors[:10]))
    document['surely not there'] = 1  # the schema can say no
    check(list(schema.iter_errors(document)), f'the schema of {form} accepts anything')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('bundle')
    parser.add_argument('cache')
    parser.add_argument('bundles', nargs='*')
    parser.add_argument('--fetch', action='store_true')
    options = parser.parse_args()
    if options.fetch:
        os.makedirs(options.cache, exist_ok=True)
        subprocess.run(['npm', 'pack', '--silent', PACKAGE], cwd=options.cache, check=True, stdout=subprocess.DEVNULL)
    try:
        found, missing = schemas(options), 'its schema'
    except ImportError:
        found, missing = {}, 'python3-jsonschema'
    with tempfile.TemporaryDirectory() as folder:
        return run_all(options, os.path.join(folder, 'hostile.pbundle'), found, missing)


def run_all(options, hostile, found, missing):
    subprocess.run([sys.executable, HOSTILE, hostile, '3', '2'], check=True)
    tests = []
    for bundle in [*options.bundles, hostile]:
        name = os.path.basename(bundle)
        tests += [(f'SPDX of {name}', [], spdx, (bundle,)), (f'CycloneDX of {name}', [], cyclonedx, (bundle,)),
                  (f'materials of {name} are the same bytes everywhere', [], same_bytes, (bundle,))]
        tests += [(f'{form} of {name} by the official schema', [], conforms, (bundle, form, found[form])) if form in found
                  else (f'{form} of {name} by the official schema', [missing], None, ()) for form in ('spdx', 'cyclonedx')]
    return tap.run(tests, options, [])


if __name__ == '__main__':
    sys.exit(main())
