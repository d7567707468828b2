//! What was changed in the log, and what was made of it.

use ipmi_client::sel::Deletion;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Exit;
use crate::view::table::{Table, left, right};
use crate::view::{Rows, View};

/// Events that were added.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Added {
    /// The numbers that the log gave them.
    pub(crate) record_ids: Vec<u16>,
}

impl View for Added {
    const SCHEMA: &'static str = "lantern.sel_add/1";

    fn text(&self, _: Option<u16>) -> String {
        match self.record_ids.as_slice() {
            [] => "No events were added\n".to_owned(),
            [one] => format!("Event {one} was added\n"),
            [first, .., last] => {
                format!("{} events were added: {first} to {last}\n", self.record_ids.len())
            }
        }
    }
}

/// Events that were to be deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Deleted {
    events: Vec<Fate>,
}

/// What became of an event that was to be deleted.
#[derive(Debug, Serialize, JsonSchema)]
struct Fate {
    record_id: u16,
    #[schemars(extend("enum" = ["deleted", "not_there", "refused", "unknown", "not_tried"]))]
    outcome: &'static str,
    reason: Option<String>,
}

impl Deleted {
    pub(crate) fn new(outcomes: &[(u16, Deletion)]) -> Self {
        let fate = |(id, deletion): &(u16, Deletion)| {
            let (outcome, reason) = match deletion {
                Deletion::Deleted => ("deleted", None),
                Deletion::NotThere => ("not_there", Some("there is no such event".to_owned())),
                Deletion::Refused(error) => ("refused", Some(error.to_string())),
                Deletion::Unknown(error) => ("unknown", Some(error.to_string())),
                Deletion::NotTried => ("not_tried", None),
            };
            Fate { record_id: *id, outcome, reason }
        };
        Self { events: outcomes.iter().map(fate).collect() }
    }
}

impl View for Deleted {
    const SCHEMA: &'static str = "lantern.sel_delete/1";
    const ROWS: Option<Rows> = Some(Rows { key: "events", schema: "lantern.sel_deletion/1" });

    fn text(&self, width: Option<u16>) -> String {
        let mut table = Table::new(&[right("ID"), left("OUTCOME"), left("").flexible()]);
        for event in &self.events {
            table.row([
                event.record_id.to_string(),
                event.outcome.replace('_', " "),
                event.reason.clone().unwrap_or_default(),
            ]);
        }
        table.text(width)
    }

    fn exit(&self) -> Option<Exit> {
        if self.events.iter().any(|event| event.outcome == "unknown") {
            return Some(Exit::Uncertain);
        }
        self.events.iter().any(|event| event.outcome != "deleted").then_some(Exit::Failed)
    }
}

/// The log was erased.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Cleared {
    /// How many events there were just before.
    pub(crate) erased: u16,
    /// Where they are.
    pub(crate) saved: Option<String>,
    /// How many there are now: what was logged since.
    pub(crate) entries: u16,
}

impl View for Cleared {
    const SCHEMA: &'static str = "lantern.sel_clear/1";

    fn text(&self, _: Option<u16>) -> String {
        let events =
            |count: u16| if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
        let saved =
            self.saved.as_ref().map_or_else(String::new, |file| format!(", saved in {file}"));
        let since = if self.entries == 0 {
            String::new()
        } else {
            format!("; {} logged since", events(self.entries))
        };
        format!("{} erased{saved}{since}\n", events(self.erased))
    }
}

/// Events that were written to a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Saved {
    pub(crate) file: String,
    pub(crate) events: usize,
    /// Events that the form cannot express.
    pub(crate) left_out: usize,
    #[schemars(extend("enum" = ["text", "raw", "jsonl"]))]
    pub(crate) form: &'static str,
}

impl View for Saved {
    const SCHEMA: &'static str = "lantern.sel_save/1";

    fn text(&self, _: Option<u16>) -> String {
        let left_out = match self.left_out {
            0 => String::new(),
            count => format!(", {count} left out that this form cannot express (--raw can)"),
        };
        format!("{}: {} events{left_out}\n", self.file, self.events)
    }
}
