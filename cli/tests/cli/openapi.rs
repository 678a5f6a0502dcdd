//! The description of the control API, held against the server.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use crate::support::Fake;

fn document() -> Value {
    serde_json::from_str(include_str!("../../openapi.json")).unwrap()
}

/// Verb, path and description of every operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations
            .map(move |(verb, operation)| (verb.to_uppercase(), path.clone(), operation.clone()))
    });
    all.collect()
}

#[test]
fn it_lists_exactly_the_operations_that_there_are() {
    let fake = Fake::start(&[]);
    let served: BTreeSet<String> = fake.get("")["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap().to_owned())
        .collect();
    let described =
        operations(&document()).into_iter().map(|(verb, path, _)| format!("{verb} {path}"));
    assert_eq!(described.collect::<BTreeSet<_>>(), served);
    assert_eq!(fake.get("/openapi.json"), document());
}

#[test]
fn every_example_is_answered_as_described() {
    let document = document();
    for (verb, path, operation) in operations(&document) {
        let fake = Fake::start(&[]);
        let pair = fake.install();
        let app =
            serde_json::from_str::<Value>(r#"{"client_id": "3.4", "client_secret": "shush"}"#);
        fake.post("/apps", &app.unwrap());
        let body = match operation.pointer("/requestBody/content/application~1json") {
            None => String::new(),
            Some(content) => {
                let example = filled(&content["example"], &fake, &pair);
                check(&document, &content["schema"], &example, &format!("{verb} {path} example"));
                // A member that the schema does not know is refused, so that no typing error passes.
                if example.is_object() && path != "/_fake/state" {
                    let mut wrong = example.clone();
                    wrong["not_described"] = json!(1);
                    let (head, answer) = fake.raw(&verb, &path, "", &wrong.to_string());
                    assert!(head.starts_with("HTTP/1.1 400"), "{verb} {path}: {answer}");
                }
                example.to_string()
            }
        };
        let (head, answer) = fake.raw(&verb, &path, "", &body);
        assert!(head.starts_with("HTTP/1.1 200"), "{verb} {path}: {head} {answer}");
        assert!(head.contains("content-type: application/json"), "{head}");
        let answer = serde_json::from_str(&answer).unwrap();
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        check(&document, schema, &answer, &format!("{verb} {path} answer"));
    }
}

#[test]
fn every_kind_of_fault_can_be_scripted() {
    let (document, fake) = (document(), Fake::start(&[]));
    let kinds = document["components"]["schemas"]["Fault"]["properties"]["kind"]["enum"].clone();
    let kinds = kinds.as_array().unwrap();
    for kind in kinds {
        let more = match kind.as_str().unwrap() {
            "server_error" => json!({"status": 503}),
            "refused" | "refused_afterwards" => json!({"code": "fatal_error"}),
            "reply_delayed" => json!({"milliseconds": 1}),
            "reply_truncated" => json!({"keep": 5}),
            _ => json!({}),
        };
        let mut fault = more;
        fault["kind"] = kind.clone();
        check(&document, &document["components"]["schemas"]["Fault"], &fault, "fault");
        fake.post("/faults", &json!({"method": "auth.test", "fault": fault}));
    }
    assert_eq!(fake.get("/faults")["left"], kinds.len());
    let schema =
        "/paths/~1_fake~1id-token-faults/post/requestBody/content/application~1json/schema";
    let faults = document.pointer(&format!("{schema}/properties/fault/enum")).unwrap();
    for fault in faults.as_array().unwrap() {
        fake.post("/id-token-faults", &json!({"fault": fault}));
    }
}

/// Replaces what an example cannot know beforehand.
fn filled(example: &Value, fake: &Fake, pair: &Value) -> Value {
    match example {
        Value::String(text) if text == "$STATE" => fake.get("/state"),
        Value::String(text) if text == "$TOKEN" => pair["access_token"].clone(),
        Value::String(text) if text == "$APP" => app().into(),
        Value::Object(members) => {
            let filled =
                members.iter().map(|(name, value)| (name.clone(), filled(value, fake, pair)));
            Value::Object(filled.collect())
        }
        other => other.clone(),
    }
}

/// An app that answers one request.
fn app() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    url
}

/// Checks a value against the part of JSON Schema that the document uses.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) {
    assert!(matches(document, schema, value), "{place}: {value} does not match {schema}");
}

fn matches(document: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        return matches(document, target, value);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().filter(|choice| matches(document, choice, value)).count() == 1;
    }
    if let Some(constant) = schema.get("const") {
        return constant == value;
    }
    if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
        return false;
    }
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("an unknown type: {other}"),
    };
    let has_type = match &schema["type"] {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        other => panic!("no type: {other} in {schema}"),
    };
    let members = || value.as_object().into_iter().flatten();
    let properties = &schema["properties"];
    let all_required = schema["required"]
        .as_array()
        .is_none_or(|names| names.iter().all(|name| value.get(name.as_str().unwrap()).is_some()));
    let all_known = schema["additionalProperties"] != false
        || members().all(|(name, _)| properties.get(name).is_some());
    let all_match = members().all(|(name, member)| {
        properties.get(name).is_none_or(|schema| matches(document, schema, member))
    });
    let items = value.as_array().into_iter().flatten();
    let items_match = schema
        .get("items")
        .is_none_or(|schema| items.into_iter().all(|item| matches(document, schema, item)));
    has_type && all_required && all_known && all_match && items_match
}
