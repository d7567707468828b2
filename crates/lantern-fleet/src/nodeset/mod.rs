//! Names of many machines, as people write them: the spellings that ClusterShell, pdsh and FreeIPMI
//! have in common.
//!
//! A nodeset is a list of elements with commas in between. An element is
//!
//! - a name, which may have any number of ranges in it: `n[001-500]`, `rack[1-2]n[01-40]-bmc`,
//!   `10.0.[1-2].[1-9]`, `bmc[1-3]:9623`. A range is a list of numbers and of `FIRST-LAST`, each with an
//!   optional `/STEP`. Leading zeros of the first number are kept: `[08-10]` is 08, 09, 10.
//! - an IPv6 address, with a port if it is in brackets of its own: `2001:db8::[1-9]`,
//!   `[2001:db8::1]:623`. A colon tells such brackets from those of a range.
//! - `@NAME`, a group that somebody else knows.
//! - `^FILE`, a file with a nodeset on each line, where `#` begins a comment. `-` alone is standard
//!   input.
//!
//! The order is kept, and what is there twice is there once.

mod fold;
mod parse;

use std::fmt;

use indexmap::IndexSet;

use parse::Parser;

/// More names than this in one set are a slip of the keyboard. A million BMCs at 40 bytes a name are
/// 40 MB, which any machine that manages them has.
pub const MAX: usize = 1_000_000;

/// Names, each once, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSet {
    names: IndexSet<String>,
}

/// What a nodeset may refer to.
pub trait Source {
    /// The group of this name, as the nodesets in it; `None` if there is none.
    ///
    /// # Errors
    /// Why it cannot be told.
    fn group(&mut self, name: &str) -> Result<Option<Vec<String>>, String>;

    /// The text of a file; `-` is standard input.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn file(&mut self, path: &str) -> Result<String, String>;
}

/// A [`Source`] that has neither groups nor files.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Source for Nothing {
    fn group(&mut self, _: &str) -> Result<Option<Vec<String>>, String> {
        Ok(None)
    }

    fn file(&mut self, _: &str) -> Result<String, String> {
        Err("files are not read here".to_owned())
    }
}

/// Why a text is no nodeset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{text}: {}{why}", place.as_deref().map(|place| format!("{place}: ")).unwrap_or_default(),
        column.map(|column| format!("column {column}: ")).unwrap_or_default())]
pub struct NodeSetError {
    /// The text.
    pub text: String,
    /// The file and line, or the group, that it is in.
    pub place: Option<String>,
    /// Where in the text, counted in characters from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl NodeSet {
    /// What `text` stands for.
    ///
    /// # Errors
    /// What is wrong with it, and where; nothing is ever guessed.
    pub fn parse(text: &str, source: &mut dyn Source) -> Result<Self, NodeSetError> {
        Self::parse_up_to(MAX, text, source)
    }

    /// The same, with a limit of the caller's own to how many there may be.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_up_to(
        most: usize,
        text: &str,
        source: &mut dyn Source,
    ) -> Result<Self, NodeSetError> {
        let mut set = Self::default();
        Parser::new(source, most).read(text, &mut set)?;
        Ok(set)
    }

    /// Whether `text` names one machine and no more, whatever else there is: no list, no range, no
    /// group, no file. It need not be a good name.
    #[must_use]
    pub fn is_one_name(text: &str) -> bool {
        parse::is_one_name(text)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The names, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The name at this place, counted from 0.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&str> {
        self.names.get_index(place).map(String::as_str)
    }

    /// Whether `name` is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Adds a name. Whether it is new.
    pub fn insert(&mut self, name: String) -> bool {
        self.names.insert(name)
    }

    /// Adds those of `other`, after these.
    pub fn extend(&mut self, other: Self) {
        self.names.extend(other.names);
    }

    /// Takes out those of `other`. A name without a port stands for all ports of that machine. What is
    /// not here cannot be taken out, which may be a slip of the keyboard: these are returned.
    pub fn exclude(&mut self, other: &Self) -> Self {
        let mut missed = other.clone();
        self.names.retain(|name| {
            let by =
                [name.as_str(), without_port(name)].into_iter().find(|name| other.contains(name));
            if let Some(by) = by {
                missed.names.swap_remove(by);
            }
            by.is_none()
        });
        missed.names.sort_unstable();
        missed
    }

    /// The shortest way to write the same names that this module knows: numbers become ranges.
    /// The order of the names is lost in it.
    #[must_use]
    pub fn fold(&self) -> String {
        fold::fold(self.iter())
    }
}

/// Folded.
impl fmt::Display for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fold())
    }
}

impl<S: Into<String>> FromIterator<S> for NodeSet {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self { names: names.into_iter().map(Into::into).collect() }
    }
}

/// The host alone: `bmc:623` is `bmc`, `[::1]:623` is `::1`; an IPv6 address without brackets has no
/// port.
fn without_port(name: &str) -> &str {
    if let Some((host, _)) = name.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return host;
    }
    match name.split_once(':') {
        Some((host, port)) if !port.contains(':') => host,
        _ => name,
    }
}

#[cfg(test)]
mod tests;
