//! One file: its sections, read whole, with everything that is wrong with it.

mod reader;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::credential::Credential;
use crate::entry::{Entry, Kind};
use crate::mistake::Mistake;
use crate::origin::{Layer, Origin, Value};
use crate::pattern::Pattern;
pub(crate) use reader::Reader;

/// What one file says.
#[derive(Clone, Debug)]
pub struct File {
    /// Which kind of file it is.
    pub layer: Layer,
    /// Where it is.
    pub path: Arc<Path>,
    /// For all hosts.
    pub defaults: Entry,
    /// In the order of the file.
    pub hosts: Vec<Host>,
    /// By name.
    pub groups: BTreeMap<String, Group>,
    /// By name.
    pub profiles: BTreeMap<String, Entry>,
    /// By name.
    pub credentials: BTreeMap<String, Credential>,
    /// Each section that only who is trusted may write, and where it begins.
    pub(crate) privileged: Vec<(&'static str, Origin)>,
}

/// `[hosts.NAME]`.
#[derive(Clone, Debug)]
pub struct Host {
    /// Whom it is about.
    pub pattern: Pattern,
    /// What it says.
    pub entry: Entry,
    /// Where it begins.
    pub origin: Origin,
}

/// A line of `[groups]`.
#[derive(Clone, Debug)]
pub struct Group {
    /// Hosts as on the command line: `n[001-500]`, `@other`.
    pub members: Vec<Value<String>>,
    /// Where it is.
    pub origin: Origin,
}

const SECTIONS: [&str; 5] = ["defaults", "hosts", "groups", "profiles", "credentials"];

impl File {
    /// Reads `text`. The file is as good as its good parts: what is wrong is left out, and told.
    #[must_use]
    pub fn parse(text: &str, path: &Path, layer: Layer) -> (Self, Vec<Mistake>) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::new(text, path, layer);
        for error in errors {
            reader.mistake(error.span().unwrap_or(0..0), error.message());
        }
        let mut file = Self::empty(&reader.file, layer);
        for (key, value) in reader.in_order(document.get_ref()) {
            let name = key.get_ref().as_ref();
            if !SECTIONS.contains(&name) {
                reader.unknown_key(key, "a section of this file", &SECTIONS);
                continue;
            }
            let Some(table) = reader.table(value) else { continue };
            file.section(&mut reader, key, name, table);
        }
        (file, reader.mistakes)
    }

    fn empty(path: &Arc<Path>, layer: Layer) -> Self {
        Self {
            layer,
            path: Arc::clone(path),
            defaults: Entry::default(),
            hosts: Vec::new(),
            groups: BTreeMap::new(),
            profiles: BTreeMap::new(),
            credentials: BTreeMap::new(),
            privileged: Vec::new(),
        }
    }

    fn section<'t>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        name: &str,
        table: &'t DeTable<'t>,
    ) {
        match name {
            "defaults" => {
                self.privileged.push(("[defaults]", reader.origin(key.span())));
                self.defaults = Entry::read(reader, table, Kind::Defaults);
            }
            "credentials" => {
                self.privileged.push(("[credentials]", reader.origin(key.span())));
                each(reader, table, |reader, name, key, table| {
                    let credential = Credential::read(reader, key.span(), table);
                    self.credentials.extend(credential.map(|credential| (name, credential)));
                });
            }
            "profiles" => each(reader, table, |reader, name, _, table| {
                self.profiles.insert(name, Entry::read(reader, table, Kind::Profile));
            }),
            "hosts" => each(reader, table, |reader, name, key, table| {
                let pattern = match Pattern::parse(&name) {
                    Ok(pattern) => pattern,
                    Err(why) => return reader.mistake(key.span(), why),
                };
                let kind = Kind::Host { is_name: pattern.is_name() };
                let entry = Entry::read(reader, table, kind);
                self.hosts.push(Host { pattern, entry, origin: reader.origin(key.span()) });
            }),
            _ => self.read_groups(reader, table),
        }
    }

    fn read_groups(&mut self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        for (key, value) in reader.in_order(table) {
            let name = key.get_ref();
            if !is_group(name) {
                reader.mistake(
                    key.span(),
                    "a group's name has letters, digits, '-', '_' and '.', and nothing else",
                );
                continue;
            }
            let Some(members) = reader.texts(value) else { continue };
            for member in &members {
                if member.value.trim().is_empty() {
                    let what = "a member of a group is a host or many: \"n[001-500]\", \"@other\"";
                    reader.mistakes.push(Mistake::at(&member.origin, what));
                }
            }
            let origin = reader.origin(key.span());
            self.groups.insert(name.to_string(), Group { members, origin });
        }
    }
}

/// Each `[section.NAME]`, in the order of the file.
fn each(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    mut with: impl FnMut(&mut Reader<'_>, String, &Spanned<std::borrow::Cow<'_, str>>, &DeTable<'_>),
) {
    for (key, value) in reader.in_order(table) {
        if let DeValue::Table(table) = value.get_ref() {
            with(reader, key.get_ref().to_string(), key, table);
        } else {
            let found = value.get_ref().type_str();
            let message = format!(
                "here a section of its own is due, with this in its title; this is a value ({found})"
            );
            reader.mistake(key.span(), message);
        }
    }
}

fn is_group(name: &str) -> bool {
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && !name.starts_with('-') && name.chars().all(fine)
}
