//! Settings that were changed, and what the BMC made of each: for commands that change several at
//! once.

use ipmi_client::{Told, Written};
use schemars::JsonSchema;
use serde::Serialize;

use super::table::{Table, left};
use crate::error::Exit;

/// A setting that was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Change {
    setting: &'static str,
    /// Null if it cannot be read.
    before: Option<Value>,
    asked: Value,
    /// What is in force now, read back; null if it cannot be read.
    now: Option<Value>,
    /// Whether the BMC kept it; null if it does not tell.
    kept: Option<bool>,
    /// Why there is nothing to tell.
    reason: Option<String>,
}

/// On and off are true and false; everything else is a number or a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Value {
    Switch(bool),
    // One of ours, in which a line stands for a space.
    Word(String),
    /// The BMC's own.
    #[schemars(skip)]
    Text(String),
    Number(u32),
}

impl From<bool> for Value {
    fn from(on: bool) -> Self {
        Self::Switch(on)
    }
}

impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Self::Number(number.into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl From<String> for Value {
    fn from(word: String) -> Self {
        Self::Word(word)
    }
}

impl Value {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Switch(true) => "on".to_owned(),
            Self::Switch(false) => "off".to_owned(),
            Self::Word(word) if word.is_empty() => "none".to_owned(),
            Self::Word(word) => word.replace('_', " "),
            Self::Text(text) if text.is_empty() => "none".to_owned(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Change {
    /// One setting of what was written together.
    pub(crate) fn part<T, V: Into<Value>>(
        setting: &'static str,
        written: &Written<T>,
        part: impl Fn(&T) -> V,
    ) -> Self {
        let now = written.now.as_ref().ok().map(&part).map(Into::into);
        let asked = part(&written.asked).into();
        Self {
            setting,
            before: written.before.as_ref().map(&part).map(Into::into),
            kept: now.as_ref().map(|now| *now == asked),
            asked,
            now,
            reason: reason(&written.now),
        }
    }

    /// Something that cannot be shown, but for whether it was kept.
    pub(crate) fn hidden(
        setting: &'static str,
        asked: impl Into<Value>,
        kept: Option<bool>,
        reason: Option<String>,
    ) -> Self {
        let asked = asked.into();
        let now = (kept == Some(true)).then(|| asked.clone());
        Self { setting, before: None, asked, now, kept, reason }
    }

    /// Something that would be written.
    pub(crate) fn planned(
        setting: &'static str,
        before: Option<Value>,
        asked: impl Into<Value>,
    ) -> Self {
        Self { setting, before, asked: asked.into(), now: None, kept: None, reason: None }
    }

    /// Whether the BMC said yes and has something else.
    pub(crate) fn is_lost(&self) -> bool {
        self.kept == Some(false)
    }
}

/// Why there is no answer, if there is none.
pub(crate) fn reason<T>(told: &Told<T>) -> Option<String> {
    told.as_ref().err().map(because)
}

/// What came instead of an answer, without whom it came from.
pub(crate) fn because(error: &ipmi_client::Error) -> String {
    format!("{}: {}", error.doing, error.kind)
}

/// Settings, one a line.
pub(crate) fn text<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
    width: Option<u16>,
) -> String {
    let mut table =
        Table::new(&[left("SETTING"), left("BEFORE"), left("NOW"), left("").flexible()]);
    for change in changes {
        let value = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::text);
        let remark = match (change.kept, &change.reason) {
            (Some(true), _) => String::new(),
            (Some(false), Some(reason)) => format!("not kept: {reason}"),
            (Some(false), None) => {
                format!("the BMC took '{}' and did not keep it", change.asked.text())
            }
            (None, Some(reason)) => {
                format!("set to {}, not read back: {reason}", change.asked.text())
            }
            (None, None) => format!("set to {}; it cannot be read back", change.asked.text()),
        };
        table.row([
            change.setting.replace('_', " "),
            value(&change.before),
            value(&change.now),
            remark,
        ]);
    }
    table.text(width)
}

/// Settings that would be changed, one a line.
pub(crate) fn planned_text(changes: &[Change], width: Option<u16>) -> String {
    let mut table = Table::new(&[left("SETTING"), left("NOW"), left("WOULD BE").flexible()]);
    for Change { setting, before, asked, .. } in changes {
        let before = before.as_ref().map_or("-".to_owned(), Value::text);
        table.row([setting.replace('_', " "), before, asked.text()]);
    }
    table.text(width)
}

/// How a command ends that made them.
pub(crate) fn exit<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Option<Exit> {
    changes.into_iter().any(Change::is_lost).then_some(Exit::Failed)
}
