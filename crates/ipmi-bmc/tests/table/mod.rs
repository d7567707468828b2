//! `vectors/commands.toml`: every command of the specification, as its sources have it, and how a
//! BMC is held to it.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ipmi_wire::{Body, CommandId, NetFn, Privilege};
use serde::Deserialize;

/// The table, by command.
pub(crate) static TABLE: LazyLock<BTreeMap<CommandId, Row>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../../../vectors/commands.toml")).unwrap();
    let mut table = BTreeMap::new();
    for (group, title) in file.group.into_iter().zip(0..) {
        for written in group.commands {
            let netfn = NetFn::from_number(group.netfn);
            let body = group.body.map_or(Body::None, Body::Group);
            let id = CommandId { netfn, cmd: written.cmd, body };
            let section = match written.section.starts_with(|c: char| c.is_ascii_digit()) {
                true => format!("{} §{}", group.specification, written.section),
                false => group.specification.clone(),
            };
            let row = Row {
                id,
                group: (title, group.title.clone()),
                rule: Rule::read(&written.privilege),
                section,
                written,
            };
            let before = table.insert(id, row);
            assert!(before.is_none(), "{id} has two rows");
        }
    }
    table
});

/// The row of a command.
pub(crate) fn row(id: CommandId) -> &'static Row {
    TABLE.get(&id).unwrap_or_else(|| panic!("{id} has no row in vectors/commands.toml"))
}

/// One command.
pub(crate) struct Row {
    pub(crate) id: CommandId,
    /// The group's number and title.
    pub(crate) group: (usize, String),
    pub(crate) rule: Rule,
    pub(crate) section: String,
    pub(crate) written: Written,
}

/// Who may run a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    BeforeSession,
    Session(Privilege),
    SystemInterface,
    Local,
    SentByBmc,
    Depends,
}

impl Rule {
    fn read(text: &str) -> Self {
        match text {
            "before a session" => Self::BeforeSession,
            "callback" => Self::Session(Privilege::Callback),
            "user" => Self::Session(Privilege::User),
            "operator" => Self::Session(Privilege::Operator),
            "administrator" => Self::Session(Privilege::Administrator),
            "system interface" => Self::SystemInterface,
            "local" => Self::Local,
            "sent by BMC" => Self::SentByBmc,
            "depends" => Self::Depends,
            other => panic!("{other:?} is no privilege"),
        }
    }

    /// The letter that the sources' column has for it.
    pub(crate) const fn letter(self) -> char {
        match self {
            Self::BeforeSession => 'P',
            Self::Session(Privilege::Callback) => 'C',
            Self::Session(Privilege::User) => 'U',
            Self::Session(Privilege::Operator) => 'O',
            Self::Session(_) => 'A',
            Self::SystemInterface => 'S',
            Self::Local => 'L',
            Self::SentByBmc => 'B',
            Self::Depends => 'D',
        }
    }
}

/// A row as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub(crate) cmd: u8,
    pub(crate) name: String,
    /// Another title that the specification has for it.
    pub(crate) also: Option<String>,
    section: String,
    pub(crate) privilege: String,
    pub(crate) mandatory: String,
    #[serde(default)]
    pub(crate) codes: Vec<u8>,
    sources: String,
    pub(crate) note: Option<String>,
}

impl Written {
    /// What each source says, by its letters.
    pub(crate) fn sources(&self) -> Vec<(&str, &str)> {
        let parts = self.sources.split(", ").map(|part| part.split_once(' ').unwrap_or((part, "")));
        parts.collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    title: String,
    netfn: u8,
    body: Option<u8>,
    specification: String,
    commands: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<Group>,
}
