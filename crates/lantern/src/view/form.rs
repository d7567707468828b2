//! The forms that programs read: one object, one object a line, CSV, YAML. What a result is made
//! of, and so what a line of it is, is decided here and nowhere else.

use ipmi_client::Location;
use serde_json::{Map, Value};

use super::plain::plain_lines;
use super::schema::{self, Source};
use super::{Rows, View};
use crate::cli::Format;
use crate::error::{Error, Exit};

/// Whose result it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin<'a> {
    /// As it was named, if it is one of many.
    pub(crate) host: Option<&'a str>,
    pub(crate) address: Option<&'a Location>,
}

/// What the result of one of many BMCs is, before it is put together with the others'.
#[derive(Debug)]
pub(crate) enum Share {
    /// For people.
    Text(String),
    /// JSON and YAML.
    Object(Value),
    /// JSON lines.
    Lines(String),
    /// CSV: names of columns, and cells.
    Rows { columns: Vec<String>, rows: Vec<Vec<String>> },
}

/// `view` as `format` has it; table form is the view's own.
pub(super) fn render<V: View>(
    view: &V,
    format: Format,
    address: Option<&Location>,
) -> Result<String, Error> {
    let origin = Origin { host: None, address };
    Ok(match format {
        Format::Table => people(view),
        Format::Json => serde_json::to_string_pretty(&object(view, origin)?).map_err(unfit)? + "\n",
        Format::Yaml => yaml(&object(view, origin)?)?,
        Format::Jsonl => lines(view, origin)?,
        Format::Csv => {
            let mut sheet = Sheet::new::<V>()?;
            for row in objects(view, origin)? {
                sheet.row(&row)?;
            }
            sheet.text()?
        }
    })
}

/// `view` as one BMC's of many.
pub(super) fn share<V: View>(view: &V, format: Format, origin: Origin<'_>) -> Result<Share, Error> {
    Ok(match format {
        Format::Table => Share::Text(people(view)),
        Format::Json | Format::Yaml => Share::Object(object(view, origin)?),
        Format::Jsonl => Share::Lines(lines(view, origin)?),
        Format::Csv => {
            let columns = schema::columns::<V>();
            let rows = objects(view, origin)?.iter().map(|row| cells(&columns, row)).collect();
            Share::Rows { columns: columns.iter().map(|path| path.join(".")).collect(), rows }
        }
    })
}

fn object<V: View>(view: &V, origin: Origin<'_>) -> Result<Value, Error> {
    let values = serde_json::to_value(view).map_err(unfit)?;
    Ok(envelope(V::SCHEMA, V::SOURCE, origin, values))
}

/// An object for each line or row.
fn objects<V: View>(view: &V, origin: Origin<'_>) -> Result<Vec<Value>, Error> {
    let Some(Rows { key, schema }) = V::ROWS else { return Ok(vec![object(view, origin)?]) };
    let mut values = serde_json::to_value(view).map_err(unfit)?;
    let rows = items(&mut values, key).into_iter();
    Ok(rows.map(|row| envelope(schema, V::SOURCE, origin, row)).collect())
}

fn lines<V: View>(view: &V, origin: Origin<'_>) -> Result<String, Error> {
    objects(view, origin)?.iter().map(line).collect()
}

/// `view` as one of many that come one by one, in a form that every one of them ends.
pub(super) fn render_next<V: View>(
    view: &V,
    format: Format,
    origin: Origin<'_>,
) -> Result<String, Error> {
    let object = object(view, origin)?;
    Ok(match format {
        Format::Table => match origin.host {
            Some(host) => people(view).lines().map(|line| format!("{host}: {line}\n")).collect(),
            None => people(view),
        },
        Format::Json | Format::Jsonl => line(&object)?,
        Format::Yaml => format!("---\n{}", yaml(&object)?),
        Format::Csv => {
            let mut sheet = Sheet::without_header::<V>();
            sheet.host = origin.host.map(str::to_owned);
            sheet.row(&object)?;
            sheet.text()?
        }
    })
}

/// What stands above the rows of CSV; those of many BMCs begin with which one it is.
pub(super) fn header<V: View>(of_many: bool) -> Result<String, Error> {
    if !of_many {
        return Sheet::new::<V>()?.text();
    }
    let mut sheet = Sheet::without_header::<V>();
    let names = sheet.columns.iter().map(|path| path.join("."));
    sheet.writer.write_record(["host".to_owned()].into_iter().chain(names)).map_err(unfit)?;
    sheet.text()
}

/// Whatever a BMC put into it, nothing in it is obeyed by a terminal.
fn people<V: View>(view: &V) -> String {
    plain_lines(&view.text(crate::output::width())).into_owned()
}

pub(crate) fn line(object: &Value) -> Result<String, Error> {
    Ok(serde_json::to_string(object).map_err(unfit)? + "\n")
}

pub(crate) fn yaml(object: &Value) -> Result<String, Error> {
    let mut text = serde_saphyr::to_string(object).map_err(unfit)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// What it is and where it is from, then the values.
fn envelope(schema: &str, source: Source, origin: Origin<'_>, values: Value) -> Value {
    let Origin { host, address } = origin;
    let mut object = Map::new();
    object.insert("schema".to_owned(), schema.into());
    if let Some(host) = host {
        object.insert("host".to_owned(), host.into());
    }
    if source != Source::Here {
        object.insert("address".to_owned(), address.map(|address| address.to_string()).into());
    }
    if let Value::Object(values) = values {
        object.extend(values);
    }
    Value::Object(object)
}

fn items(values: &mut Value, key: &str) -> Vec<Value> {
    match values.get_mut(key).map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// RFC 4180: a header, then a line for each row, ended by CR LF. The columns are those of the
/// schema, so they are the same whatever a BMC has to say.
struct Sheet {
    columns: Vec<Vec<String>>,
    /// What each row begins with.
    host: Option<String>,
    writer: csv::Writer<Vec<u8>>,
}

impl Sheet {
    fn new<V: View>() -> Result<Self, Error> {
        let mut sheet = Self::without_header::<V>();
        let names = sheet.columns.iter().map(|path| path.join("."));
        sheet.writer.write_record(names).map_err(unfit)?;
        Ok(sheet)
    }

    fn without_header<V: View>() -> Self {
        let mut writer = csv::WriterBuilder::new();
        let writer = writer.terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        Self { columns: schema::columns::<V>(), host: None, writer }
    }

    fn row(&mut self, object: &Value) -> Result<(), Error> {
        let cells = self.host.iter().cloned().chain(cells(&self.columns, object));
        self.writer.write_record(cells).map_err(unfit)
    }

    fn text(self) -> Result<String, Error> {
        let bytes = self.writer.into_inner().map_err(|error| unfit(error.error()))?;
        String::from_utf8(bytes).map_err(unfit)
    }
}

fn cells(columns: &[Vec<String>], object: &Value) -> Vec<String> {
    let value = |path: &Vec<String>| path.iter().try_fold(object, |value, name| value.get(name));
    columns.iter().map(|path| value(path).map(cell).unwrap_or_default()).collect()
}

/// Nothing for null; several values are separated by semicolons; what has an inside of its own is
/// JSON.
fn cell(value: &Value) -> String {
    let scalar = |value: &Value| match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    };
    let several = |values: &[Value]| {
        values.iter().map(scalar).collect::<Option<Vec<_>>>().map(|texts| texts.join(";"))
    };
    let text = match value {
        Value::Array(values) => several(values),
        value => scalar(value),
    };
    text.unwrap_or_else(|| value.to_string())
}

/// The error that an unexpected failure to render is.
pub(crate) fn unfit(error: impl std::fmt::Display) -> Error {
    Error::told(Exit::Failed, format!("the result cannot be written in this form: {error}"))
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    #[derive(Serialize, JsonSchema)]
    struct Item {
        name: String,
        place: Option<Place>,
        bytes: Vec<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
    }

    #[derive(Serialize, JsonSchema)]
    struct Place {
        id: u8,
        value: Option<f64>,
    }

    #[derive(Serialize, JsonSchema)]
    struct Items {
        total: u8,
        items: Vec<Item>,
    }

    impl View for Items {
        const SCHEMA: &'static str = "lantern.items/1";
        const ROWS: Option<Rows> = Some(Rows { key: "items", schema: "lantern.item/1" });

        fn text(&self, _: Option<u16>) -> String {
            self.items.iter().map(|item| format!("{}\n", item.name)).collect()
        }
    }

    impl View for Item {
        const SCHEMA: &'static str = "lantern.item/1";

        fn text(&self, _: Option<u16>) -> String {
            String::new()
        }
    }

    const NASTY: &str = "a,\"b\"\r\nno: on\u{1b}[2J";

    fn items() -> Items {
        let place = Some(Place { id: 3, value: Some(1.5) });
        let nasty =
            Item { name: NASTY.to_owned(), place, bytes: vec![1, 255], reason: Some("why") };
        let bare = Item { name: "off".to_owned(), place: None, bytes: Vec::new(), reason: None };
        Items { total: 2, items: vec![nasty, bare] }
    }

    fn rendered(format: Format) -> String {
        render(&items(), format, Some(&([192, 0, 2, 1], 623).into())).unwrap()
    }

    #[test]
    fn a_line_is_an_object_of_its_own() {
        let lines: Vec<Value> = rendered(Format::Jsonl)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[1],
            json!({"schema": "lantern.item/1", "address": "192.0.2.1:623", "name": "off",
                   "place": null, "bytes": []})
        );
    }

    #[test]
    fn yaml_says_what_json_says() {
        let yaml: Value = serde_saphyr::from_str(&rendered(Format::Yaml)).unwrap();
        let json: Value = serde_json::from_str(&rendered(Format::Json)).unwrap();
        assert_eq!(yaml, json);
        assert!(json["items"][0]["name"] == NASTY);
    }

    #[test]
    fn csv_is_read_back_and_its_columns_do_not_depend_on_what_is_there() {
        let text = rendered(Format::Csv);
        let header = "address,name,place.id,place.value,bytes,reason\r\n";
        assert!(text.starts_with(header), "{text}");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        assert_eq!(rows[0], ["192.0.2.1:623", NASTY, "3", "1.5", "1;255", "why"]);
        assert_eq!(rows[1], ["192.0.2.1:623", "off", "", "", "", ""]);
        let none = Items { total: 0, items: Vec::new() };
        assert_eq!(render(&none, Format::Csv, None).unwrap(), header);
    }

    proptest::proptest! {
        #[test]
        fn csv_gives_back_any_text_and_a_terminal_obeys_none(name in ".*") {
            let item = Item { name: name.clone(), place: None, bytes: vec![7], reason: None };
            let items = Items { total: 1, items: vec![item] };
            let text = render(&items, Format::Csv, None).unwrap();
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
            proptest::prop_assert_eq!(rows.len(), 1);
            proptest::prop_assert_eq!((&rows[0][1], &rows[0][4]), (name.as_str(), "7"));
            let shown = render(&items, Format::Table, None).unwrap();
            let obeyed = |character: char| character.is_control() && character != '\n';
            proptest::prop_assert!(!shown.contains(obeyed));
        }
    }

    #[test]
    fn what_comes_one_by_one_has_one_header() {
        let items = items().items;
        let next = |format| render_next(&items[1], format, Origin::default()).unwrap();
        assert_eq!(header::<Item>(false).unwrap().lines().count(), 1);
        assert_eq!(next(Format::Csv), ",off,,,,\r\n");
        assert_eq!(next(Format::Json), next(Format::Jsonl));
        let yaml = next(Format::Yaml);
        assert!(yaml.starts_with("---\n") && yaml.ends_with('\n'), "{yaml}");
    }
}
