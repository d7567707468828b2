//! How results look: one small struct per result, made from the client's typed answers. Each has a
//! table for people and, through serde, an object for programs.
//!
//! JSON is a promise: names and meanings within one schema version do not change. Numbers are
//! numbers, units are spelled out, raw values are kept, times are ISO 8601 in UTC, and what is
//! absent is null with a reason beside it.

pub(crate) mod chassis;
pub(crate) mod mc;
pub(crate) mod number;
pub(crate) mod power;
pub(crate) mod raw;
pub(crate) mod sdr;
pub(crate) mod sel;
pub(crate) mod sensor;
pub(crate) mod session;
pub(crate) mod table;
pub(crate) mod time;

use std::net::SocketAddr;

use serde::Serialize;

use crate::cli::Format;
use crate::error::Error;
use crate::output;

/// A result that can be shown.
pub(crate) trait View: Serialize {
    /// What the JSON object is, and its version.
    const SCHEMA: &'static str;

    /// For people, in lines; broken at `width` columns, if one is given.
    fn text(&self, width: Option<u16>) -> String;
}

/// A result of any kind.
pub(crate) trait Show {
    /// As the user wants it.
    fn render(&self, format: Format, address: SocketAddr) -> Result<String, Error>;
}

#[derive(Serialize)]
struct Envelope<'a, V> {
    schema: &'static str,
    address: SocketAddr,
    #[serde(flatten)]
    view: &'a V,
}

impl<V: View> Show for V {
    fn render(&self, format: Format, address: SocketAddr) -> Result<String, Error> {
        match format {
            Format::Table => Ok(self.text(output::width())),
            Format::Json => {
                let envelope = Envelope { schema: V::SCHEMA, address, view: self };
                let text = serde_json::to_string_pretty(&envelope);
                text.map(|text| text + "\n").map_err(|error| output::render_error(&error))
            }
        }
    }
}

/// `yes` or `no`.
pub(crate) fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// The names of the flags that are set.
pub(crate) fn set<const N: usize>(flags: [(bool, &'static str); N]) -> Vec<&'static str> {
    flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
}

/// Names in a row, with blanks in the place of underscores.
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", ").replace('_', " "),
    }
}

/// A BCD byte with its digits swapped: 02h is 2.0, 51h is 1.5.
pub(crate) fn version(byte: u8) -> String {
    format!("{}.{}", byte & 0x0f, byte >> 4)
}
