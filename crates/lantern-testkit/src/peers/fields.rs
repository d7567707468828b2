//! Lines of `name : value`, as most programs print what they know of one thing.

use std::fmt;

/// The fields of one thing, in the order in which they were printed; a name may come twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Splits a line at its first colon and adds it.
    ///
    /// # Panics
    /// If there is no colon, or the name is not among `known`.
    pub(super) fn push(&mut self, line: &str, known: &[&str]) {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: `{line}`"));
        let name = name.trim();
        assert!(known.contains(&name), "no such field is known: `{line}`");
        self.add(name, value);
    }

    /// Adds a field.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.trim().to_owned()));
    }

    /// Adds a field whose blanks count.
    pub(super) fn add_whole(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// The first value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of this name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    #[track_caller]
    pub fn expect(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no `{name}` in\n{self}"))
    }

    /// All values of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))
    }
}

/// Groups of lines between blank ones.
pub(super) fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let lines: Vec<&str> = text.lines().collect();
    let groups = lines.split(|line| line.trim().is_empty());
    groups.filter(|group| !group.is_empty()).map(<[&str]>::to_vec).collect()
}

/// A byte that is printed in hexadecimal: `0x1f` or `1Fh`.
///
/// # Panics
/// If it is none.
#[track_caller]
pub(super) fn hex(text: &str) -> u16 {
    let digits = text.trim().trim_start_matches("0x").trim_end_matches('h');
    u16::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("no hexadecimal number: `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_come_twice() {
        let mut fields = Fields::default();
        fields.push(" Extra   : a: b", &["Extra"]);
        fields.push("Extra:", &["Extra"]);
        assert_eq!(fields.all("Extra").collect::<Vec<_>>(), ["a: b", ""]);
        assert_eq!((fields.get("Extra"), fields.get("Other")), (Some("a: b"), None));
    }

    #[test]
    #[should_panic(expected = "no such field is known: `New : thing`")]
    fn what_is_not_known_is_not_passed_over() {
        Fields::default().push("New : thing", &["Old"]);
    }

    #[test]
    fn numbers_in_both_spellings() {
        assert_eq!([hex("0x1f"), hex("1Fh"), hex(" 20 ")], [0x1f, 0x1f, 0x20]);
    }
}
