#!/usr/bin/env python3
"""Check the structure of a SARIF log as 2.1.0 and GitHub's code scanning demand it, and print its results, one a line."""
import json
import sys


def text(message):
    assert set(message) == {'text'} and message['text'], message
    return message['text']


def location(place):
    physical = place['physicalLocation']
    uri, region = physical['artifactLocation']['uri'], physical['region']
    assert uri and ' ' not in uri and '\\' not in uri and '%%' not in uri, uri
    assert isinstance(region['startLine'], int) and region['startLine'] >= 1
    for logical in place.get('logicalLocations', []):
        assert logical['fullyQualifiedName'] and logical['decoratedName']
    return f'{uri}:{region["startLine"]}'


def main():
    with open(sys.argv[1], 'rb') as f:
        raw = f.read()
    assert len(raw) < 10 << 20
    log = json.loads(raw.decode('utf-8'))
    assert log['version'] == '2.1.0' and 'sarif-2.1.0' in log['$schema'] and len(log['runs']) == 1
    run = log['runs'][0]
    driver = run['tool']['driver']
    assert driver['name'].startswith('parigot-') and driver['semanticVersion']
    rules = driver['rules']
    assert len({r['id'] for r in rules}) == len(rules)
    for rule in rules:
        for part in ('shortDescription', 'fullDescription', 'help'):
            assert 0 < len(text(rule[part])) <= 1024
        assert rule['helpUri'].split(':')[0] in ('file', 'https') and ' ' not in rule['helpUri']
        assert rule['defaultConfiguration']['level'] in ('error', 'warning', 'note')
        assert 0 < len(rule['properties']['tags']) <= 20
    assert len(run['results']) <= 25000
    prints = [result['partialFingerprints']['parigot/v1'] for result in run['results']]
    assert len(set(prints)) == len(prints)
    for result in run['results']:
        assert rules[result['ruleIndex']]['id'] == result['ruleId']
        assert result['level'] in ('error', 'warning', 'note')
        assert text(result['message'])
        assert 1 <= len(result['locations']) <= 1000
        assert list(result['partialFingerprints']) == ['parigot/v1']
        for related in result.get('relatedLocations', []):
            assert location(related) and text(related['message'])
        names = [n['decoratedName'] for n in result['locations'][0].get('logicalLocations', [])]
        print(result['ruleId'], result['level'], location(result['locations'][0]), *names)
        for related in result.get('relatedLocations', []):
            print('  related', location(related), text(related['message']))
    (invocation,) = run['invocations']
    for note in invocation['toolExecutionNotifications']:
        assert note['level'] in ('error', 'warning', 'note') and text(note['message'])
        if 'descriptor' in note:
            assert rules[note['descriptor']['index']]['id'] == note['descriptor']['id']
            print('notification', note['descriptor']['id'], note['level'])
    print('completed' if invocation['executionSuccessful'] else 'not completed')


main()
