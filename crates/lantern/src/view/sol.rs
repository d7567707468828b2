//! Serial over LAN.

use schemars::JsonSchema;
use serde::Serialize;

use super::View;

/// A console that was ended.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Deactivated {
    pub(crate) instance: u8,
    /// Whether anybody had it.
    pub(crate) was_active: bool,
}

impl View for Deactivated {
    const SCHEMA: &'static str = "lantern.sol_deactivated/1";

    fn text(&self, _: Option<u16>) -> String {
        match self.was_active {
            true => format!("console {} is ended\n", self.instance),
            false => format!("nobody had console {}\n", self.instance),
        }
    }
}

/// What came of activating a console over and over: it worked each time.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Looped {
    pub(crate) instance: u8,
    pub(crate) times: u32,
}

impl View for Looped {
    const SCHEMA: &'static str = "lantern.sol_looptest/1";

    fn text(&self, _: Option<u16>) -> String {
        format!("console {} was activated and ended {} times\n", self.instance, self.times)
    }
}
