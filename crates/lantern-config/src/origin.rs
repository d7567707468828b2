//! Where a value is from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Which of the files: a later one's values stand over an earlier one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The machine's.
    System,
    /// The user's.
    User,
    /// That of the directory in which the program runs, or of one above it. Nobody has vouched for
    /// it: see [`Config`](crate::Config).
    Project,
    /// One that was named.
    Named,
}

impl Layer {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Project => "project",
            Self::Named => "named",
        }
    }
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Which kind of file.
    pub layer: Layer,
    /// The file.
    pub file: Arc<Path>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A value, and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<T> {
    /// What it is.
    pub value: T,
    /// Where it is from.
    pub origin: Origin,
}
