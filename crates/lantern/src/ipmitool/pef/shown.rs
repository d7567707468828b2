//! How `pef` shows what it is told: fields one below the other with `-v`, or else in a line.

use std::cell::Cell;

use ipmi_wire::cmd::sensor::PefActions;

use crate::ipmitool::tool::Tool;

/// Fields of one thing.
pub(super) struct Fields<'a> {
    tool: &'a Tool,
    verbose: bool,
    first: Cell<bool>,
}

/// What it means that a flag is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Supported,
    Active,
    Enabled,
}

impl<'a> Fields<'a> {
    pub(super) fn new(tool: &'a Tool) -> Self {
        Self { tool, verbose: tool.verbose.get() > 0, first: Cell::new(true) }
    }

    pub(super) fn text(&self, name: &str, value: &str) {
        let first = self.first.replace(false);
        self.tool.print(&match (self.verbose, first) {
            (true, _) => format!("{name:<24} : {value}\n"),
            (false, true) => format!(" {value}"),
            (false, false) => format!(" | {value}"),
        });
    }

    pub(super) fn number(&self, name: &str, value: u8) {
        self.text(name, &value.to_string());
    }

    /// A GUID in the order that its bytes came in.
    pub(super) fn guid(&self, guid: [u8; 16]) {
        let mut text = String::new();
        for (place, byte) in guid.iter().enumerate() {
            let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
            text.push_str(&format!("{dash}{byte:02x}"));
        }
        self.first.set(false);
        self.text("System GUID", &text);
    }

    /// Flags: without `-v` only those that are set.
    pub(super) fn flags(&self, flags: &[(&str, bool)], kind: Kind) {
        let word = |set| match (kind, set) {
            (Kind::Supported, true) => "supported",
            (Kind::Supported, false) => "unsupported",
            (Kind::Active, true) => "active",
            (Kind::Active, false) => "inactive",
            (Kind::Enabled, true) => "enabled",
            (Kind::Enabled, false) => "disabled",
        };
        if self.verbose {
            for (name, set) in flags {
                self.tool.print(&format!("{name:<24} : {}\n", word(*set)));
            }
            return;
        }
        let set: Vec<_> = flags.iter().filter(|flag| flag.1).map(|flag| flag.0).collect();
        if !set.is_empty() {
            self.tool.print(&format!(" | {}", set.join(",")));
        }
    }
}

/// The actions of PEF.
pub(super) fn actions(actions: PefActions) -> [(&'static str, bool); 6] {
    [
        ("Alert", actions.alert),
        ("Power-off", actions.power_down),
        ("Reset", actions.reset),
        ("Power-cycle", actions.power_cycle),
        ("OEM-defined", actions.oem),
        ("Diagnostic-interrupt", actions.diagnostic_interrupt),
    ]
}
