//! JSON schemas of all results, made from the structs themselves, so that neither can leave the
//! other behind. `docs/schema/` has them as files; a test holds those to what is made here.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
#[cfg(test)]
use serde_json::{Map, json};

use super::{Rows, View};

/// Where a result is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// From a BMC: `address` says which.
    Bmc,
    /// From a BMC or from a file; `address` is null then.
    BmcOrFile,
    /// From this program: no `address`.
    Here,
}

/// The columns that `V` has as a sheet: paths to its values, in order.
pub(super) fn columns<V: View>() -> Vec<Vec<String>> {
    let mut schema = bare::<V>();
    if let Some(Rows { key, .. }) = V::ROWS {
        schema = item(&schema, key);
    }
    let mut paths = Vec::new();
    if V::SOURCE != Source::Here {
        paths.push(vec!["address".to_owned()]);
    }
    walk(&schema, &[], &mut paths);
    paths
}

fn walk(schema: &Value, above: &[String], paths: &mut Vec<Vec<String>>) {
    for (name, inner) in properties(schema) {
        let path: Vec<_> = above.iter().cloned().chain([name.clone()]).collect();
        match inside(inner) {
            Some(inner) => walk(inner, &path, paths),
            None => paths.push(path),
        }
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// The schema itself, or the only alternative to null, if it is an object's.
fn inside(schema: &Value) -> Option<&Value> {
    let is_object = |schema: &&Value| schema.get("properties").is_some();
    let alternatives = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    std::iter::once(schema).chain(alternatives).find(is_object)
}

fn item(schema: &Value, key: &str) -> Value {
    let items = schema.pointer(&format!("/properties/{key}/items"));
    items.cloned().unwrap_or_default()
}

/// A struct's schema, with all that it refers to in its place, and closed: what is not named is
/// not there.
fn bare<T: JsonSchema + ?Sized>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    close(&mut schema);
    schema
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            // Names of Rust's types say nothing to anybody.
            if object.get("title").is_some_and(Value::is_string) {
                object.shift_remove("title");
            }
            // Nor do those of its numbers, whose limits are given.
            if object.get("format").is_some_and(Value::is_string) {
                object.shift_remove("format");
            }
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), false.into());
            }
            object.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        _ => {}
    }
}

/// The schemas of one view: its own and that of its rows, with their names.
#[cfg(test)]
pub(super) fn of<V: View>() -> Vec<(&'static str, Value)> {
    let schema = bare::<V>();
    let mut schemas = Vec::new();
    if let Some(Rows { key, schema: name }) = V::ROWS {
        schemas.push((name, complete(name, V::SOURCE, item(&schema, key))));
    }
    schemas.push((V::SCHEMA, complete(V::SCHEMA, V::SOURCE, schema)));
    schemas
}

/// Of a struct that names its own schema.
#[cfg(test)]
pub(crate) fn of_named<T: JsonSchema>(name: &'static str) -> (&'static str, Value) {
    let mut schema = bare::<T>();
    if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut) {
        properties.shift_remove("schema");
    }
    if let Some(required) = schema.pointer_mut("/required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "schema");
    }
    (name, complete(name, Source::Here, schema))
}

/// With the envelope that every result is in.
#[cfg(test)]
fn complete(name: &str, source: Source, schema: Value) -> Value {
    let Value::Object(mut schema) = schema else { panic!("{name}: {schema}") };
    let (mut properties, mut required) = (Map::new(), vec![json!("schema")]);
    properties.insert("schema".into(), json!({ "const": name }));
    let address = match source {
        Source::Here => None,
        Source::Bmc => Some(json!({ "type": "string", "description": "The BMC" })),
        Source::BmcOrFile => Some(json!({
            "type": ["string", "null"],
            "description": "The BMC; null for what is from a file",
        })),
    };
    if let Some(address) = address {
        properties.insert(
            "host".into(),
            json!({ "type": "string", "description": "As it was named, where there are many BMCs" }),
        );
        properties.insert("address".into(), address);
        required.push(json!("address"));
    }
    if let Some(Value::Object(own)) = schema.shift_remove("properties") {
        properties.extend(own);
    }
    if let Some(Value::Array(own)) = schema.shift_remove("required") {
        required.extend(own);
    }
    let description = schema.shift_remove("description").unwrap_or_default();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:{}", name.replacen('.', ":", 1).replace('/', ":")),
        "title": name,
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::view::kinds;

    fn directory() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema")
    }

    fn file(name: &str) -> PathBuf {
        let (name, version) = name.strip_prefix("lantern.").unwrap().split_once('/').unwrap();
        assert!(version.parse::<u8>().is_ok());
        directory().join(format!("{name}.json"))
    }

    /// With LANTERN_SCHEMA=write the files are written instead.
    #[test]
    fn the_files_are_what_the_program_says() {
        let write = std::env::var_os("LANTERN_SCHEMA").is_some_and(|word| word == "write");
        let mut files = Vec::new();
        for (name, schema) in kinds() {
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            let path = file(name);
            if write {
                std::fs::create_dir_all(directory()).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let found = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                found == text,
                "{name}: run with LANTERN_SCHEMA=write, and look at the changes"
            );
            files.push(path.file_name().unwrap().to_owned());
        }
        for file in std::fs::read_dir(directory()).unwrap() {
            let name = file.unwrap().file_name();
            let known = files.contains(&name) || name == "README.md";
            assert!(known, "{}: no such kind (any more)", name.display());
        }
    }

    #[test]
    fn every_kind_that_the_source_names_has_a_schema() {
        let kinds: Vec<_> = kinds().into_iter().map(|(name, _)| name).collect();
        let mut directories = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                for (at, _) in code.match_indices("\"lantern.") {
                    let name = code[at + 1..].split('"').next().unwrap();
                    assert!(kinds.contains(&name), "{}: {name}", path.display());
                }
            }
        }
    }

    #[test]
    fn schemas_are_valid_and_closed() {
        for (name, schema) in kinds() {
            assert!(jsonschema::meta::is_valid(&schema), "{name}");
            fn closed(schema: &Value) -> bool {
                let open = schema.get("properties").is_some()
                    && schema.get("additionalProperties") != Some(&false.into());
                !open
                    && match schema {
                        Value::Object(object) => object.values().all(closed),
                        Value::Array(values) => values.iter().all(closed),
                        _ => true,
                    }
            }
            assert!(closed(&schema), "{name}: {schema:#}");
        }
    }
}
