//! What programs read of many BMCs, beside the results themselves.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::report::Part;
use crate::codes::Code;
use crate::error::{self, Error, Exit};
use crate::view::form::unfit;
use crate::view::outcome::OutcomeView;

const FAILURE: &str = "lantern.fleet_failure/1";
pub(super) const FLEET: &str = "lantern.fleet/1";

/// What stands in the place of a result, for a BMC that has none.
#[derive(Serialize, JsonSchema)]
struct FailureView<'a> {
    schema: &'static str,
    /// As it was named
    host: &'a str,
    /// The BMC, if it is known where it is
    address: Option<String>,
    error: Problem<'a>,
}

/// Why there is no result.
#[derive(Serialize, JsonSchema)]
struct Problem<'a> {
    /// How the command would have ended on this BMC alone; 130 if all was stopped before it was done
    exit_code: u8,
    /// What `lantern explain` knows it by
    code: Code,
    doing: Option<&'static str>,
    message: &'a str,
    cause: Option<&'a str>,
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a OutcomeView>,
}

/// The results of many BMCs.
#[derive(Serialize, JsonSchema)]
pub(super) struct FleetView {
    pub(super) schema: &'static str,
    /// How many BMCs there are
    pub(super) bmcs: usize,
    /// How many of them have a result
    pub(super) done: usize,
    pub(super) failed: usize,
    /// Under way when all was stopped
    pub(super) interrupted: usize,
    pub(super) not_reached: usize,
    /// For each BMC, in the order of names: what the command shows of one, with `host`, or a
    /// `lantern.fleet_failure/1`, which has an `error`
    pub(super) results: Vec<Value>,
}

/// What programs get in the place of a result.
pub(super) fn failure(host: &str, part: &Part) -> Option<Result<Value, Error>> {
    let bare = |message| Problem {
        exit_code: Exit::Interrupted as u8,
        code: Code::INTERRUPTED,
        doing: None,
        message,
        cause: None,
        next: None,
        completion_code: None,
        outcome: None,
    };
    let (error, address) = match part {
        Part::Failed(report, address) => {
            let error::Report {
                exit, code, message, cause, next, doing, completion, outcome, ..
            } = &**report;
            let error = Problem {
                exit_code: *exit as u8,
                code: *code,
                doing: *doing,
                message,
                cause: cause.as_deref(),
                next: next.as_deref(),
                completion_code: completion.map(|code| code.0),
                outcome: outcome.as_ref(),
            };
            (error, *address)
        }
        Part::Interrupted(address) => {
            (bare("interrupted: what was sent is not taken back"), *address)
        }
        Part::NotReached => (bare("not reached: nothing was sent"), None),
        Part::Unknown | Part::Done(..) => return None,
    };
    let address = address.map(|address| address.to_string());
    let view = FailureView { schema: FAILURE, host, address, error };
    Some(serde_json::to_value(view).map_err(unfit))
}

/// The schemas of what is written of many.
#[cfg(test)]
pub(crate) fn kinds() -> Vec<(&'static str, Value)> {
    use crate::view::schema::of_named;
    vec![of_named::<FailureView<'_>>(FAILURE), of_named::<FleetView>(FLEET)]
}
