//! Payloads that a channel carries.

use ipmi_client::channels::ChannelPayload;
use schemars::JsonSchema;
use serde::Serialize;

use super::shown;
use crate::view::setting::reason;
use crate::view::table::{Table, left, right};
use crate::view::{Rows, View};

/// What a channel carries.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Payloads {
    payloads: Vec<Payload>,
}

/// A type of payload.
#[derive(Debug, Serialize, JsonSchema)]
struct Payload {
    payload_type: u8,
    name: &'static str,
    /// Of its format; null if the BMC does not tell.
    version: Option<String>,
    version_reason: Option<String>,
    #[serde(skip)]
    shown: String,
}

/// What the specification calls it (IPMI v2.0 §13.27.3).
const fn name(number: u8) -> &'static str {
    match number {
        0x00 => "IPMI messages",
        0x01 => "Serial over LAN",
        0x02 => "OEM, named by the packet",
        0x10 => "RMCP+ Open Session Request",
        0x11 => "RMCP+ Open Session Response",
        0x12 => "RAKP Message 1",
        0x13 => "RAKP Message 2",
        0x14 => "RAKP Message 3",
        0x15 => "RAKP Message 4",
        0x20..=0x27 => "OEM",
        _ => "reserved",
    }
}

impl Payloads {
    pub(crate) fn new(payloads: &[ChannelPayload]) -> Self {
        let payload = |payload: &ChannelPayload| Payload {
            payload_type: payload.number,
            name: name(payload.number),
            version: payload.version.as_ref().ok().map(|v| format!("{}.{}", v.major, v.minor)),
            version_reason: reason(&payload.version),
            shown: shown(&payload.version, |v| format!("{}.{}", v.major, v.minor)),
        };
        Self { payloads: payloads.iter().map(payload).collect() }
    }
}

impl View for Payloads {
    const SCHEMA: &'static str = "lantern.channel_payloads/1";
    const ROWS: Option<Rows> = Some(Rows { key: "payloads", schema: "lantern.payload/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.payloads.is_empty() {
            return "No payloads\n".to_owned();
        }
        let mut table = Table::new(&[right("TYPE"), left("PAYLOAD"), left("VERSION").flexible()]);
        for payload in &self.payloads {
            table.row([
                format!("0x{:02x}", payload.payload_type),
                payload.name.to_owned(),
                payload.shown.clone(),
            ]);
        }
        table.text(width)
    }
}
