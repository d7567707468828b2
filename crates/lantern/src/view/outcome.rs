//! What was found out about a command whose answer was lost.

use ipmi_client::outcome::{Done, Observation, Outcome};
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::hanging;

/// What became of a command whose answer was lost, and what was seen.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OutcomeView {
    #[schemars(extend("enum" = ["happened", "not_done", "unknown"]))]
    verdict: &'static str,
    seen: Vec<SeenView>,
}

/// The answer, or silence, to one question that was asked afterwards.
#[derive(Debug, Serialize, JsonSchema)]
struct SeenView {
    asked: &'static str,
    seen: String,
    /// Null if it proves nothing.
    #[schemars(extend("enum" = ["happened", "not_done", null]))]
    proves: Option<&'static str>,
}

impl From<&Outcome> for OutcomeView {
    fn from(outcome: &Outcome) -> Self {
        let seen = |Observation { asked, seen, proves }: &Observation| SeenView {
            asked,
            seen: seen.clone(),
            proves: proves.map(|verdict| verdict.name()),
        };
        Self { verdict: outcome.verdict.name(), seen: outcome.seen.iter().map(seen).collect() }
    }
}

/// What proves that it is done, if the BMC did not say so.
pub(crate) fn proof(done: &Done) -> Option<OutcomeView> {
    match done {
        Done::Accepted => None,
        Done::Proven(outcome) => Some(outcome.into()),
    }
}

impl OutcomeView {
    /// Nobody looked.
    pub(crate) const fn unknown() -> Self {
        Self { verdict: "unknown", seen: Vec::new() }
    }

    /// As part of a result.
    pub(crate) fn text(&self, width: Option<u16>) -> String {
        self.lines(width.map(usize::from)).into_iter().map(|line| line + "\n").collect()
    }

    /// One line each.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let line = |one: &SeenView| {
            let proof = match one.proves {
                Some("happened") => " (proves that it happened)",
                Some(_) => " (proves that it was not done)",
                None => "",
            };
            hanging("  seen:  ", &format!("{}: {}{proof}", one.asked, one.seen), width)
        };
        self.seen.iter().map(line).collect()
    }
}
