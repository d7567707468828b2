//! Lines to messages.

use serde_json::{Map, Value};

/// What QEMU says.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Message {
    /// Who it is; the first thing it says.
    Greeting {
        /// Its version, such as 7.2.22.
        version: Option<[u64; 3]>,
    },
    /// A command is done.
    Done {
        /// Which one.
        id: Option<u64>,
        /// What it has found.
        value: Value,
    },
    /// A command is refused.
    Refused {
        /// Which one.
        id: Option<u64>,
        /// Why.
        why: String,
    },
    /// Something has happened.
    Event(Event),
}

/// Something that has happened at the machine.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Event {
    /// What.
    pub(in super::super) name: String,
    /// What more there is to say of it.
    pub(in super::super) data: Map<String, Value>,
}

impl Event {
    /// Whether the guest has brought it about.
    pub(in super::super) fn is_by_guest(&self) -> bool {
        self.data.get("guest").and_then(Value::as_bool).unwrap_or(false)
    }

    /// A text of its data; empty if there is none.
    pub(in super::super) fn text(&self, key: &str) -> &str {
        self.data.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Message {
    /// Reads one; `None` if this is not QMP.
    pub(in super::super) fn parse(line: &[u8]) -> Option<Self> {
        let Value::Object(mut fields) = serde_json::from_slice(line).ok()? else { return None };
        let id = fields.get("id").and_then(Value::as_u64);
        if let Some(greeting) = fields.get("QMP") {
            return Some(Self::Greeting { version: version(greeting) });
        }
        if let Some(value) = fields.remove("return") {
            return Some(Self::Done { id, value });
        }
        if let Some(error) = fields.get("error") {
            let why = error.get("desc").and_then(Value::as_str).unwrap_or("for no reason");
            return Some(Self::Refused { id, why: clean(why) });
        }
        let Some(Value::String(name)) = fields.remove("event") else { return None };
        let data = match fields.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        Some(Self::Event(Event { name, data }))
    }
}

fn version(greeting: &Value) -> Option<[u64; 3]> {
    let version = greeting.get("version")?.get("qemu")?;
    let part = |name| version.get(name).and_then(Value::as_u64);
    Some([part("major")?, part("minor")?, part("micro")?])
}

/// What is fit for a log: one line, not too long.
pub(in super::super) fn clean(text: &str) -> String {
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
