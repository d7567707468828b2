//! Values out of TOML, with their places. What is of the wrong kind is a mistake, and never quoted:
//! it could be a secret in the wrong place.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mistake::{Mistake, meant};
use crate::origin::{Layer, Origin, Value};

/// A key with its place.
pub(crate) type Key<'t> = Spanned<Cow<'t, str>>;

/// A text that is being read, and what was found wrong with it.
pub(crate) struct Reader<'a> {
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    pub(crate) file: Arc<Path>,
    layer: Layer,
    pub(crate) mistakes: Vec<Mistake>,
}

/// Keys under which people keep passwords elsewhere.
const SECRETIVE: [&str; 8] =
    ["password", "passwd", "pass", "pw", "secret", "password_file", "password_command", "kg_file"];

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, file: &Path, layer: Layer) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        let lines = std::iter::once(0).chain(ends).collect();
        Self { text, lines, file: Arc::from(file), layer, mistakes: Vec::new() }
    }

    /// Line and column, from 1.
    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count().saturating_add(1))
    }

    pub(crate) fn origin(&self, span: Range<usize>) -> Origin {
        let (line, column) = self.place(span.start);
        Origin { layer: self.layer, file: Arc::clone(&self.file), line, column }
    }

    pub(crate) fn mistake(&mut self, span: Range<usize>, message: impl Into<String>) {
        let place = Some(self.place(span.start));
        let file = Arc::clone(&self.file);
        self.mistakes.push(Mistake { file, place, message: message.into() });
    }

    /// The keys of a table, in the order of the file.
    pub(crate) fn in_order<'t>(
        &self,
        table: &'t DeTable<'t>,
    ) -> Vec<(&'t Key<'t>, &'t Spanned<DeValue<'t>>)> {
        let mut all: Vec<_> = table.iter().collect();
        all.sort_by_key(|(key, _)| key.span().start);
        all
    }

    /// `key` is none of `known`.
    pub(crate) fn unknown_key(&mut self, key: &Key<'_>, what: &str, known: &[&str]) {
        let name = key.get_ref().as_ref();
        let message = if SECRETIVE.contains(&name) {
            format!(
                "'{name}' does not go here: this file holds no secret, only where one is kept. \
                 Write [credentials.NAME] with one of env, file, command, fd, systemd or prompt, \
                 and credential = \"NAME\" where it is used"
            )
        } else {
            let meant = match meant(name, known.iter().copied()) {
                Some(meant) => format!("; is '{meant}' meant?"),
                None => format!("; there are {}", known.join(", ")),
            };
            format!("'{name}' is not {what}{meant}")
        };
        self.mistake(key.span(), message);
    }

    /// Says what is there in the place of `wanted`, without quoting it.
    fn is_not(&mut self, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        self.mistake(value.span(), format!("{wanted} is due here; this is of type {found}"));
    }

    pub(crate) fn table<'t>(&mut self, value: &'t Spanned<DeValue<'t>>) -> Option<&'t DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.is_not(value, "a section");
        }
        table
    }

    pub(crate) fn text(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Value<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.is_not(value, "text in quotation marks");
            return None;
        };
        Some(Value { value: text.to_owned(), origin: self.origin(value.span()) })
    }

    /// Text that `parse` understands.
    pub(crate) fn word<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Value<T>> {
        let Value { value: text, origin } = self.text(value)?;
        match parse(&text) {
            Ok(value) => Some(Value { value, origin }),
            Err(why) => {
                self.mistakes.push(Mistake::at(&origin, why));
                None
            }
        }
    }

    pub(crate) fn boolean(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Value<bool>> {
        let Some(found) = value.get_ref().as_bool() else {
            self.is_not(value, "true or false");
            return None;
        };
        Some(Value { value: found, origin: self.origin(value.span()) })
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn number(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        least: u32,
        most: u32,
    ) -> Option<Value<u32>> {
        let wanted = format!("a whole number from {least} to {most}");
        let Some(integer) = value.get_ref().as_integer() else {
            self.is_not(value, &wanted);
            return None;
        };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        let Some(number) = number.filter(|number| (least..=most).contains(number)) else {
            self.mistake(value.span(), format!("{wanted} is due here"));
            return None;
        };
        Some(Value { value: number, origin: self.origin(value.span()) })
    }

    /// A number of any kind.
    pub(crate) fn float(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Value<f64>> {
        let number = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            DeValue::Float(float) => float.as_str().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.is_not(value, "a number");
        }
        Some(Value { value: number?, origin: self.origin(value.span()) })
    }

    /// A list, each item read by `item`. Wrong items are left out, and told.
    pub(crate) fn list<T>(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        mut item: impl FnMut(&mut Self, &Spanned<DeValue<'_>>) -> Option<Value<T>>,
    ) -> Option<Value<Vec<T>>> {
        let Some(array) = value.get_ref().as_array() else {
            self.is_not(value, "a list in brackets");
            return None;
        };
        if array.is_empty() {
            self.mistake(value.span(), "this list is empty: leave it out");
            return None;
        }
        let origin = self.origin(value.span());
        let items = array.iter().filter_map(|found| item(self, found));
        Some(Value { value: items.map(|found| found.value).collect(), origin })
    }

    /// A list of texts, each with its place.
    pub(crate) fn texts(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Vec<Value<String>>> {
        let Some(array) = value.get_ref().as_array() else {
            self.is_not(value, "a list in brackets");
            return None;
        };
        Some(array.iter().filter_map(|found| self.text(found)).collect())
    }
}
