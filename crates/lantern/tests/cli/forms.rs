//! One result in every form.

use serde_json::Value;

use crate::schemas::check;
use crate::support::{Bmc, lantern_with};

/// Commands whose answers do not move.
const STILL: &[&str] = &[
    "power status",
    "chassis status",
    "chassis capabilities",
    "chassis restart-cause",
    "mc info",
    "mc guid",
    "mc selftest",
    "sdr info",
    "sel info",
    "sel list",
    "sel get 1 6",
    "sel time utc-offset",
    "sdr list --kind all",
    "sdr list --kind fru",
    "sdr get BMC PSU1",
    "sdr type",
    "fru list",
    "fru print",
    "user list",
    "user summary",
    "user get admin",
    "user payload 3",
    "user set 3 --limit operator --link off",
    "channel list",
    "channel info 15",
    "channel auth",
    "channel ciphers",
    "channel payloads",
    "channel keys show",
    "channel set 1 --alerting on",
    "raw 6 1",
];

fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    (header, reader.records().map(|record| row(record.unwrap())).collect())
}

/// The list that the object is about, if it is about one.
fn list(object: &Value) -> Option<&Vec<Value>> {
    [
        "sensors", "events", "records", "devices", "types", "users", "changes", "channels",
        "suites", "payloads",
    ]
    .iter()
    .find_map(|key| object.get(key)?.as_array())
}

/// Without the BMC's clock, which goes on between two questions.
fn timeless(mut object: Value) -> Value {
    if let Some(clock) = object.get_mut("clock") {
        *clock = Value::Null;
    }
    object
}

#[test]
fn one_result_in_all_forms() {
    let bmc = Bmc::start();
    for words in STILL {
        let words: Vec<_> = words.split(' ').collect();
        let form = |form| {
            let arguments: Vec<_> = ["-o", form].iter().chain(&words).copied().collect();
            bmc.text(&arguments)
        };
        let object = bmc.json(&words);
        let yaml: Value = serde_saphyr::from_str(&form("yaml")).unwrap();
        let object = timeless(object);
        assert_eq!(timeless(yaml), object, "{words:?}");

        let lines: Vec<Value> =
            form("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.iter().for_each(check);
        let csv = form("csv");
        let (header, rows) = table(&csv);
        assert!(csv.lines().count() > rows.len() && csv.ends_with("\r\n"), "{csv}");
        assert_eq!(header[0], "address");
        match list(&object) {
            None => {
                let lines: Vec<_> = lines.into_iter().map(timeless).collect();
                assert_eq!(lines, [object], "{words:?}");
                assert_eq!(rows.len(), 1, "{csv}");
            }
            Some(items) => {
                assert_eq!((lines.len(), rows.len()), (items.len(), items.len()), "{words:?}");
                for (line, item) in lines.iter().zip(items) {
                    for (key, value) in item.as_object().unwrap() {
                        assert_eq!(&line[key], value, "{words:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_column_says_what_the_object_says() {
    let bmc = Bmc::start();
    let object = bmc.json(&["sel", "list"]);
    let (header, rows) = table(&bmc.text(&["sel", "list", "-o", "csv"]));
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    for (row, event) in rows.iter().zip(list(&object).unwrap()) {
        assert_eq!(row[column("record_id")], event["record_id"].to_string());
        assert_eq!(row[column("event")], event["event"].as_str().unwrap());
        let reading =
            event["reading"].as_f64().map_or(String::new(), |reading| reading.to_string());
        assert_eq!(row[column("reading")], reading);
    }
    // A log without events has the same columns.
    let (sensors, _) = table(&bmc.text(&["sensor", "list", "-o", "csv"]));
    for name in ["name", "entity.name", "value", "unit", "status", "thresholds.upper_critical"] {
        assert!(sensors.iter().any(|column| column == name), "{name}: {sensors:?}");
    }
}

#[test]
fn errors_are_json_lines_in_every_form_for_programs() {
    let bmc = Bmc::start();
    bmc.text(&["power", "off"]);
    for form in ["json", "jsonl", "csv", "yaml"] {
        let refused = bmc.run(&["power", "cycle", "-o", form]);
        assert_eq!((refused.code(), refused.stdout.as_str()), (Some(1), ""), "{form}");
        let error: Value = serde_json::from_str(&refused.stderr).unwrap();
        check(&error);
        assert_eq!(error["completion_code"], 0xd5, "{form}");
    }
    assert_eq!(lantern_with(&["power", "status", "-o", "xml"]).code(), Some(2));
}
