//! What the machine and its software are called: texts of up to 255 bytes, in blocks of 16.
//! IPMI v2.0 §22.14a and §22.14b.

use ipmi_wire::Command;
use ipmi_wire::cmd::app::{GetSystemInfoParameters, SetSystemInfoParameters, SystemInfoParameter};
use ipmi_wire::cmd::chassis::SetInProgress;

use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};
use crate::settings::{IN_PROGRESS, all_refused_alike, tell};

/// A text as the BMC keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemText {
    /// How it is written: 0 Latin 1, 1 UTF-8, 2 UCS-2.
    pub encoding: u8,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All texts, each with its parameter's number, and what the BMC says or why it says nothing.
#[derive(Debug)]
pub struct SystemTexts {
    /// Whether somebody is setting them, if the BMC tells.
    pub progress: Result<SetInProgress, Error>,
    /// The texts.
    pub texts: Vec<(u8, Result<SystemText, Error>)>,
}

/// A text that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemTextChange {
    /// What was asked for.
    pub asked: SystemText,
    /// What is there now; `None` if the BMC does not tell.
    pub now: Option<SystemText>,
}

const BLOCK: usize = SystemInfoParameter::BLOCK;
const LATIN_1: u8 = 0;
const UTF_8: u8 = 1;
const UCS_2: u8 = 2;

impl SystemText {
    /// The most bytes that a text has.
    pub const MAX: usize = 255;

    /// The text as it is sent: as Latin 1 if it is plain ASCII, else as UTF-8. `None` if it is too
    /// long: nothing is ever cut.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let encoding = if text.is_ascii() { LATIN_1 } else { UTF_8 };
        (text.len() <= Self::MAX).then(|| Self { encoding, bytes: text.as_bytes().to_vec() })
    }

    /// The text; what it should not have is shown as U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        match self.encoding & 0x0f {
            UTF_8 => String::from_utf8_lossy(&self.bytes).into_owned(),
            UCS_2 => {
                let units = self.bytes.chunks(2).map(|pair| match pair {
                    [low, high] => u16::from_le_bytes([*low, *high]),
                    _ => 0xfffd,
                });
                let characters = char::decode_utf16(units);
                characters.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            _ => self.bytes.iter().map(|byte| char::from(*byte)).collect(),
        }
    }
}

impl Bmc {
    /// The texts with these numbers: the constants of [`SystemInfoParameter`].
    ///
    /// # Errors
    /// As [`Bmc::send`]; a BMC that refuses a single text says so there.
    pub async fn system_texts(&self, selectors: &[u8]) -> Result<SystemTexts, Error> {
        let progress = tell(self.system_info(0, 0).await)?.and_then(|parameter| match parameter {
            SystemInfoParameter::SetInProgress(state) => Ok(state),
            _ => Err(self.broken("the BMC answered with another parameter")),
        });
        let mut texts = Vec::new();
        for selector in selectors {
            texts.push((*selector, tell(self.system_text(*selector).await)?));
        }
        if all_refused_alike(texts.iter().map(|(_, told)| told.as_ref().err()))
            && let Some((_, Err(error))) = texts.pop()
        {
            return Err(error);
        }
        Ok(SystemTexts { progress, texts })
    }

    /// One text.
    ///
    /// # Errors
    /// As [`Bmc::send`]; [`ErrorKind::Inconsistent`] if the text has no head or no end.
    pub async fn system_text(&self, selector: u8) -> Result<SystemText, Error> {
        let first = self.system_block(selector, 0).await?;
        let [encoding, length, rest @ ..] = first.as_slice() else {
            // As Bull's 510 does (`research/freeipmi.md` §4.8).
            return Err(self.broken("the text has no beginning: encoding or length are missing"));
        };
        let (encoding, length) = (encoding & 0x0f, usize::from(*length));
        let mut bytes = rest.to_vec();
        for set in 1..=u8::MAX {
            if bytes.len() >= length {
                break;
            }
            let block = self.system_block(selector, set).await?;
            if block.is_empty() {
                return Err(self.broken("the text ends before it should"));
            }
            bytes.extend(block);
        }
        bytes.truncate(length);
        Ok(SystemText { encoding, bytes })
    }

    /// Writes a text, and reads it back.
    ///
    /// # Errors
    /// As [`Bmc::send`]. 81h: somebody else has setting under way, for longer than it takes.
    pub async fn set_system_text(
        &self,
        selector: u8,
        text: SystemText,
    ) -> Result<SystemTextChange, Error> {
        let claim = self.set_system_progress(SetInProgress::InProgress).await;
        let claimed = match tell(claim)? {
            Ok(()) => true,
            Err(error) if error.completion() == Some(IN_PROGRESS) => return Err(error),
            Err(_) => false,
        };
        let written = self.write_system_text(selector, &text).await;
        if claimed {
            let _ = tell(self.set_system_progress(SetInProgress::Complete).await)?;
        }
        written?;
        let now = tell(self.system_text(selector).await)?.ok();
        Ok(SystemTextChange { asked: text, now })
    }

    async fn write_system_text(&self, selector: u8, text: &SystemText) -> Result<(), Error> {
        let length = u8::try_from(text.bytes.len()).map_err(|_| {
            let why = format!("a text has {} bytes at the most", SystemText::MAX);
            self.error(SetSystemInfoParameters::NAME, ErrorKind::NotPossible(why))
        })?;
        let head = [text.encoding, length];
        let bytes: Vec<u8> = head.iter().chain(&text.bytes).copied().collect();
        for (set, block) in (0u8..).zip(bytes.chunks(BLOCK)) {
            let mut data = block.to_vec();
            // Whole blocks, as ipmitool writes them: some BMCs take nothing else.
            data.resize(BLOCK, 0);
            let parameter = SystemInfoParameter::Text { selector, set, data };
            self.send(&SetSystemInfoParameters { parameter }).await?;
        }
        Ok(())
    }

    async fn set_system_progress(&self, state: SetInProgress) -> Result<(), Error> {
        let parameter = SystemInfoParameter::SetInProgress(state);
        self.send_patiently(0, &SetSystemInfoParameters { parameter }, IN_PROGRESS).await
    }

    async fn system_block(&self, selector: u8, set: u8) -> Result<Vec<u8>, Error> {
        match self.system_info(selector, set).await? {
            SystemInfoParameter::Text { set: told, data, .. } if told == set => Ok(data),
            SystemInfoParameter::Text { .. } => {
                Err(self.broken("the BMC answered with another block of the text"))
            }
            _ => Err(self.broken("this is not a text")),
        }
    }

    async fn system_info(&self, selector: u8, set: u8) -> Result<SystemInfoParameter, Error> {
        let request = GetSystemInfoParameters { revision_only: false, selector, set, block: 0 };
        let answer = self.send(&request).await?;
        answer.parameter.ok_or_else(|| self.broken("the BMC told the revision only"))
    }

    fn broken(&self, why: &'static str) -> Error {
        self.error(GetSystemInfoParameters::NAME, ErrorKind::Inconsistent(why))
    }
}
