//! Bytes.

use schemars::JsonSchema;
use serde::Serialize;

use super::View;

/// The answer to a raw command.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Raw {
    pub(crate) netfn: u8,
    pub(crate) cmd: u8,
    pub(crate) request: Vec<u8>,
    pub(crate) completion_code: u8,
    pub(crate) response: Vec<u8>,
}

impl View for Raw {
    const SCHEMA: &'static str = "lantern.raw/1";

    /// Sixteen bytes a line; nothing for no bytes.
    fn text(&self, _: Option<u16>) -> String {
        let line = |bytes: &[u8]| {
            let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            bytes.join(" ") + "\n"
        };
        self.response.chunks(16).map(line).collect()
    }
}
