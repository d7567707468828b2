//! What the program writes for programs, held to `docs/schema/`.

use std::path::Path;

use serde_json::Value;

/// Fails unless `object` is what the schema that it names says: nothing missing, nothing more.
#[track_caller]
pub(crate) fn check(object: &Value) {
    let name = object["schema"].as_str().unwrap_or_else(|| panic!("no schema: {object:#}"));
    let (file, _) = name.strip_prefix("lantern.").unwrap().split_once('/').unwrap();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    let text = std::fs::read_to_string(directory.join(format!("{file}.json"))).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["title"], name);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(object)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{object:#}");
}

#[test]
fn more_or_less_than_the_schema_says_is_an_error() {
    use serde_json::json;
    let good =
        json!({"schema": "lantern.power_status/1", "address": "192.0.2.1:623", "power": "on"});
    check(&good);
    let broken = |change: fn(&mut Value)| {
        let mut object = good.clone();
        change(&mut object);
        assert!(std::panic::catch_unwind(|| check(&object)).is_err(), "{object}");
    };
    broken(|object| object["colour"] = json!("red"));
    broken(|object| object["power"] = json!("maybe"));
    broken(|object| drop(object.as_object_mut().unwrap().remove("power")));
    broken(|object| drop(object.as_object_mut().unwrap().remove("address")));
}
