//! Groups for controllers of other kinds, and for makers' own: what is unsupported here, and is said to be.
//!
//! `hpm`, `picmg` and `vita` are refused by a BMC that is none of PICMG's or VITA's; so they end as they do in the
//! original there, whatever is asked for.

use super::tool::{Ended, Failed, Tool};

/// A group, and whether it ends well if there are no words, and if there is `help`.
const GROUPS: [(&str, Ended, Ended); 13] = [
    ("hpm", Err(Failed), Ok(())),
    ("picmg", Ok(()), Ok(())),
    ("vita", Ok(()), Ok(())),
    ("nm", Err(Failed), Err(Failed)),
    ("delloem", Ok(()), Ok(())),
    ("sunoem", Ok(()), Ok(())),
    ("kontronoem", Err(Failed), Ok(())),
    ("fwum", Err(Failed), Ok(())),
    ("ime", Ok(()), Ok(())),
    ("gendev", Ok(()), Ok(())),
    ("ekanalyzer", Err(Failed), Ok(())),
    ("isol", Ok(()), Ok(())),
    ("tsol", Err(Failed), Err(Failed)),
];

pub(super) fn run(tool: &Tool, group: &str, words: &[String]) -> Ended {
    let (bare, help) = GROUPS
        .iter()
        .find(|(name, ..)| *name == group)
        .map_or((Err(Failed), Err(Failed)), |(_, bare, help)| (*bare, *help));
    let ended = match words.first().map(String::as_str) {
        None => bare,
        Some("help") => help,
        Some(_) => Err(Failed),
    };
    tool.error(&format!("{group}: unsupported"));
    ended
}
