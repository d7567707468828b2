//! Bytes.

use ipmi_wire::{CompletionCode, Effect, Request, Response, registry};
use schemars::JsonSchema;
use serde::Serialize;

use super::schema::Source;
use super::table::Fields;
use super::{View, hex};
use crate::error::Exit;

/// The answer to a raw command.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Raw {
    netfn: u8,
    cmd: u8,
    request: Vec<u8>,
    completion_code: u8,
    response: Vec<u8>,
    /// What the bytes mean; null if that was not asked for.
    explained: Option<Meaning>,
    /// One of many, which are told apart by what was sent.
    #[serde(skip)]
    titled: bool,
}

/// What the bytes of a command mean, as far as that is known.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Meaning {
    /// The specification's title of the command; null if there is none.
    name: Option<&'static str>,
    section: Option<&'static str>,
    /// Who may run it.
    access: Option<String>,
    /// What it does if it is carried out twice.
    #[schemars(extend("enum" = ["read", "idempotent", "once", null]))]
    effect: Option<&'static str>,
    /// What is asked, as this program's source names it; null if it is not such a request.
    request: Option<String>,
    request_error: Option<String>,
    /// What the completion code means; null without an answer.
    completion: Option<String>,
    /// What is answered; null if nothing is, or if it is not such an answer.
    response: Option<String>,
    response_error: Option<String>,
}

/// A raw command that was not sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Explained {
    netfn: u8,
    cmd: u8,
    request: Vec<u8>,
    explained: Meaning,
}

/// What was read from an I2C device.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Read {
    #[schemars(extend("enum" = ["public", "private"]))]
    pub(crate) bus: &'static str,
    /// The channel of a public bus, or the number of a private one.
    pub(crate) number: u8,
    /// 7-bit address.
    pub(crate) device_address: u8,
    pub(crate) written: Vec<u8>,
    /// How many bytes were asked for.
    pub(crate) asked: u8,
    pub(crate) data: Vec<u8>,
}

impl Meaning {
    pub(crate) fn new(request: &Request, response: Option<&Response>) -> Self {
        let Some(entry) = registry::find(registry::identify(request)) else {
            return Self {
                name: None,
                section: None,
                access: None,
                effect: None,
                request: None,
                request_error: None,
                completion: response.map(|response| response.completion.to_string()),
                response: None,
                response_error: None,
            };
        };
        let asked = (entry.describe_request)(&request.data);
        let answered = response
            .filter(|response| response.completion.is_ok())
            .map(|response| (entry.describe_response)(&request.data, &response.data));
        let code = |code: CompletionCode| match (entry.explain)(code) {
            Some(text) => format!("{text} ({:02X}h)", code.0),
            None => code.to_string(),
        };
        let answered = answered.transpose();
        Self {
            name: Some(entry.name),
            section: Some(entry.section),
            access: Some(entry.access.to_string()),
            effect: (entry.effect)(&request.data).ok().map(|effect| match effect {
                Effect::Read => "read",
                Effect::Idempotent => "idempotent",
                Effect::Once => "once",
            }),
            request_error: asked.as_ref().err().map(ToString::to_string),
            request: asked.ok(),
            completion: response.map(|response| code(response.completion)),
            response_error: answered.as_ref().err().map(ToString::to_string),
            response: answered.ok().flatten(),
        }
    }

    fn rows(&self, fields: &mut Fields) {
        let Some(name) = self.name else {
            fields.row("Command", "not one of the specification, or not known here");
            if let Some(completion) = &self.completion {
                fields.row("Code", completion.clone());
            }
            return;
        };
        fields.row("Command", format!("{name}, {}", self.section.unwrap_or_default()));
        fields.row("Needs", self.access.clone().unwrap_or_default());
        fields.row(
            "Done twice",
            match self.effect {
                Some("read") => "it changes nothing",
                Some("idempotent") => "it is as if done once",
                Some(_) => "it counts twice",
                None => "nobody knows",
            },
        );
        let broken = |error: &Option<String>| {
            format!("not such a command: {}", error.as_deref().unwrap_or("unknown"))
        };
        fields.row("Asks", self.request.clone().unwrap_or_else(|| broken(&self.request_error)));
        if let Some(completion) = &self.completion {
            fields.row("Code", completion.clone());
        }
        match (&self.response, &self.response_error) {
            (Some(response), _) => fields.row("Answer", response.clone()),
            (None, Some(error)) => fields.row("Answer", format!("not such an answer: {error}")),
            (None, None) => {}
        }
    }
}

impl Raw {
    pub(crate) fn new(request: &Request, response: &Response, explain: bool) -> Self {
        Self {
            netfn: request.netfn.number(),
            cmd: request.cmd,
            request: request.data.clone(),
            completion_code: response.completion.0,
            response: response.data.clone(),
            explained: explain.then(|| Meaning::new(request, Some(response))),
            titled: false,
        }
    }

    /// One of many.
    pub(crate) fn titled(self) -> Self {
        Self { titled: true, ..self }
    }
}

/// Sixteen bytes a line; nothing for no bytes.
fn lines(bytes: &[u8]) -> String {
    let line = |bytes: &[u8]| {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(" ") + "\n"
    };
    bytes.chunks(16).map(line).collect()
}

fn command(netfn: u8, cmd: u8, data: &[u8]) -> String {
    let bytes = [netfn, cmd].into_iter().chain(data.iter().copied());
    bytes.map(|byte| format!("0x{byte:02x}")).collect::<Vec<_>>().join(" ")
}

impl View for Raw {
    const SCHEMA: &'static str = "lantern.raw/1";

    fn text(&self, width: Option<u16>) -> String {
        let title = match self.titled {
            true => format!("# {}\n", command(self.netfn, self.cmd, &self.request)),
            false => String::new(),
        };
        let mut fields = Fields::default();
        match &self.explained {
            Some(meaning) => meaning.rows(&mut fields),
            None if self.completion_code != 0 => {
                fields.row("", format!("refused: {}", CompletionCode(self.completion_code)));
            }
            None => {}
        }
        title + &fields.flush(width) + &lines(&self.response)
    }

    fn exit(&self) -> Option<Exit> {
        (self.completion_code != 0).then_some(Exit::Failed)
    }
}

impl Explained {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            netfn: request.netfn.number(),
            cmd: request.cmd,
            request: request.data.clone(),
            explained: Meaning::new(request, None),
        }
    }
}

impl View for Explained {
    const SCHEMA: &'static str = "lantern.raw_explained/1";
    const SOURCE: Source = Source::Here;

    fn text(&self, width: Option<u16>) -> String {
        let mut fields = Fields::default();
        self.explained.rows(&mut fields);
        fields.flush(width)
    }

    fn exit(&self) -> Option<Exit> {
        self.explained.request_error.is_some().then_some(Exit::Failed)
    }
}

impl View for Read {
    const SCHEMA: &'static str = "lantern.i2c/1";

    fn text(&self, _: Option<u16>) -> String {
        match (self.data.is_empty(), self.written.is_empty()) {
            (true, false) => format!("written: {}\n", hex(&self.written)),
            _ => lines(&self.data),
        }
    }

    fn exit(&self) -> Option<Exit> {
        (self.data.len() < usize::from(self.asked)).then_some(Exit::Failed)
    }
}
