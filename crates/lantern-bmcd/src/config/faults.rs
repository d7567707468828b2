//! `[bmc] faults`: what the BMC does wrong on purpose, beyond its sessions.

use ipmi_bmc::faults::{Fault, FaultKind, UnknownFault};
use toml::Spanned;

use super::{Fault as Mistake, fault as mistake};

/// Reads the list; each may be there once.
pub(super) fn check_faults(words: &[Spanned<String>]) -> Result<Vec<Fault>, Mistake> {
    let mut checked: Vec<Fault> = Vec::new();
    for word in words {
        let parsed = match parse(word.get_ref()) {
            Ok(parsed) => parsed,
            Err(message) => return mistake(word, &message),
        };
        if checked.iter().any(|known| known.kind == parsed.kind) {
            return mistake(word, "this fault is listed twice");
        }
        checked.push(parsed);
    }
    Ok(checked)
}

/// Reads one, as in `busy=3`; if it is none, what there is.
///
/// # Errors
/// What is wrong with it, and what is allowed.
pub(crate) fn parse(word: &str) -> Result<Fault, String> {
    word.parse().map_err(|error| match error {
        UnknownFault::Name => {
            let names = FaultKind::ALL.map(FaultKind::name).join(", ");
            let quirk = ipmi_session::Quirk::from_name(word).map(|_| {
                "this one is a quirk of sessions, and goes into [lan] quirks; ".to_owned()
            });
            format!("there is no such fault; {}there are {names}", quirk.unwrap_or_default())
        }
        other => format!("'{word}': {other}"),
    })
}
