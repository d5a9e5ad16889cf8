//! Holds documents against the part of JSON Schema that the schemas in `docs` use.

use std::path::Path;

use serde_json::Value;

/// Panics where `value` is not what a schema of `docs` says.
pub fn assert_schema(file: &str, value: &Value) {
    let root = read(file);
    Holder { root: &root }.hold(&root, value, "report");
}

/// A schema of `docs`.
pub fn read(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

struct Holder<'a> {
    root: &'a Value,
}

impl Holder<'_> {
    fn hold(&self, schema: &Value, value: &Value, at: &str) {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.follow(reference, value, at),
            None => self.hold_here(schema, value, at),
        }
    }

    fn follow(&self, reference: &str, value: &Value, at: &str) {
        let (file, pointer) = reference.split_once('#').expect(reference);
        if file.is_empty() {
            return self.hold_here(self.root.pointer(pointer).expect(reference), value, at);
        }
        let root = read(file);
        Holder { root: &root }.hold(root.pointer(pointer).expect(reference), value, at);
    }

    fn hold_here(&self, schema: &Value, value: &Value, at: &str) {
        if let Some(options) = schema.get("oneOf").and_then(Value::as_array) {
            let option = options.iter().find(|option| (option["type"] == "null") == value.is_null());
            return self.hold(option.expect(at), value, at);
        }
        if let Some(constant) = schema.get("const") {
            assert_eq!(constant, value, "{at}");
        }
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            assert!(options.contains(value), "{at}: {value}");
        }
        if let Some(types) = schema["type"].as_array() {
            let is_null = |ty: &&Value| (**ty == "null") == value.is_null();
            let ty = types.iter().find(is_null).unwrap_or_else(|| panic!("{at}: {value}"));
            let mut single = schema.clone();
            single["type"] = ty.clone();
            return self.hold_here(&single, value, at);
        }
        match schema["type"].as_str() {
            Some("object") => self.hold_object(schema, value, at),
            Some("array") => {
                for (i, item) in value.as_array().expect(at).iter().enumerate() {
                    self.hold(&schema["items"], item, &format!("{at}[{i}]"));
                }
            }
            Some("integer") => assert!(value.as_u64() >= schema["minimum"].as_u64(), "{at}: {value}"),
            Some("string") => assert!(value.is_string(), "{at}: {value}"),
            Some("boolean") => assert!(value.is_boolean(), "{at}: {value}"),
            Some("null") => assert!(value.is_null(), "{at}: {value}"),
            other => assert!(schema.get("const").or(schema.get("enum")).is_some(), "{at}: no check for type {other:?}"),
        }
    }

    fn hold_object(&self, schema: &Value, value: &Value, at: &str) {
        let (properties, value) = (schema["properties"].as_object().expect(at), value.as_object().expect(at));
        for key in schema["required"].as_array().expect(at) {
            assert!(value.contains_key(key.as_str().unwrap()), "{at} has no {key}");
        }
        for (key, value) in value {
            let schema = properties.get(key).unwrap_or_else(|| panic!("{at}.{key} is not in the schema"));
            self.hold(schema, value, &format!("{at}.{key}"));
        }
    }
}
