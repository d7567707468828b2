//! What is wrong with a file, and where.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::origin::Origin;

/// One thing that is wrong. No message quotes a value that could be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: Arc<Path>,
    /// Line and column, from 1; `None` if it is about the file as a whole.
    pub place: Option<(usize, usize)>,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl Mistake {
    /// About a file as a whole.
    pub(crate) fn of_file(file: &Arc<Path>, message: impl Into<String>) -> Self {
        Self { file: Arc::clone(file), place: None, message: message.into() }
    }

    /// About a place in a file.
    #[must_use]
    pub fn at(origin: &Origin, message: impl Into<String>) -> Self {
        Self {
            file: Arc::clone(&origin.file),
            place: Some((origin.line, origin.column)),
            message: message.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some((line, column)) = self.place {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for Mistake {}

/// `word`, or what was probably meant by it.
pub(crate) fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below it is another word.
    const ALIKE: f64 = 0.8;
    let word = word.to_lowercase();
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(&word, name), name));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name)
}

/// Says that there is no such thing, what was probably meant, and what there is.
pub(crate) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let meant = match meant(word, known.iter().copied()) {
        Some(meant) => format!("is '{meant}' meant? "),
        None => String::new(),
    };
    match known {
        [] => format!("there is no {what} '{word}', and none at all"),
        known => format!("there is no {what} '{word}': {meant}there are {}", known.join(", ")),
    }
}
