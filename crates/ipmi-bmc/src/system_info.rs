//! System info: what the machine and its software are called, as they or their administrators say.
//!
//! A text is kept as it goes over the wire, without the zeros at its end: encoding, length, bytes.
//! Of the operating system that runs now nothing is kept, for it may be another one the next time.

use std::collections::BTreeMap;
use std::time::Instant;

use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::app::{
    GetSystemInfoParameters, SetSystemInfoParameters, SystemInfo as Answer, SystemInfoParameter,
};

use crate::claim::Claim;
use crate::context::Context;
use crate::dispatch::Outcome;
use crate::nvram::{Journal, Key, Room};

/// The system info parameters. IPMI v2.0 §22.14b, Table 22-16c.
#[derive(Debug, Default)]
pub(crate) struct SystemInfo {
    claim: Claim,
    /// By selector.
    texts: BTreeMap<u8, Vec<u8>>,
}

/// Texts that the machine's software tells anew whenever it starts.
const VOLATILE: [u8; 2] = [SystemInfoParameter::OS_NAME, SystemInfoParameter::OS_VERSION];
/// The greatest encoding that there is: UCS-2.
const LAST_ENCODING: u8 = 2;

impl SystemInfo {
    /// The same at another BMC.
    pub(crate) fn sibling(&self) -> Self {
        Self::new(&self.texts)
    }

    /// What was kept.
    pub(crate) fn new(kept: &BTreeMap<u8, Vec<u8>>) -> Self {
        Self { claim: Claim::default(), texts: kept.clone() }
    }

    /// What a reset of the controller does.
    pub(crate) fn reset(&mut self) {
        self.claim.release();
    }

    /// The machine has gone off, or started anew.
    pub(crate) fn forget_running_system(&mut self) {
        for selector in VOLATILE {
            self.texts.remove(&selector);
        }
    }

    /// Get System Info Parameters.
    ///
    /// # Errors
    /// 80h if there is no such parameter; C9h for a block behind the text's end.
    pub(crate) fn get(&self, now: Instant, request: &GetSystemInfoParameters) -> Outcome<Answer> {
        let selector = request.selector;
        let parameter = match selector {
            0 => SystemInfoParameter::SetInProgress(self.claim.progress(now)),
            SystemInfoParameter::FIRMWARE_VERSION..=SystemInfoParameter::HYPERVISOR_URL => {
                let set = request.set;
                let text = self.texts.get(&selector).map_or(&[][..], Vec::as_slice);
                let data = match text.chunks(SystemInfoParameter::BLOCK).nth(set.into()) {
                    Some(block) => block.to_vec(),
                    // A text that nobody has set is empty.
                    None if set == 0 => Vec::new(),
                    None => return Err(CompletionCode::PARAMETER_OUT_OF_RANGE),
                };
                // ipmitool and FreeIPMI take whole blocks.
                let rest = SystemInfoParameter::BLOCK.saturating_sub(data.len());
                let data = data.into_iter().chain(std::iter::repeat_n(0, rest)).collect();
                SystemInfoParameter::Text { selector, set, data }
            }
            _ => return Err(SetSystemInfoParameters::UNSUPPORTED),
        };
        let parameter = (!request.revision_only).then_some(parameter);
        Ok(Answer { revision: Answer::REVISION, parameter })
    }

    /// Set System Info Parameters. A text's first block says how long it is, and begins it anew.
    ///
    /// # Errors
    /// 80h if there is no such parameter, 81h if somebody else is at it; CCh for an encoding that
    /// there is not; C7h for a first block without its head; C9h for a block behind the text's end.
    pub(crate) fn set(
        &mut self,
        context: &Context,
        request: &SetSystemInfoParameters,
        journal: &mut Journal,
    ) -> Outcome<()> {
        let (selector, set, data) = match &request.parameter {
            SystemInfoParameter::SetInProgress(state) => return self.claim.set(context, *state),
            SystemInfoParameter::Text { selector, set, data } => (*selector, *set, data),
            SystemInfoParameter::Other { .. } => return Err(SetSystemInfoParameters::UNSUPPORTED),
        };
        if set == 0 {
            let [encoding, length, ..] = data.as_slice() else {
                return Err(CompletionCode::DATA_LENGTH_INVALID);
            };
            // The upper bits are reserved.
            if encoding & 0x0f > LAST_ENCODING {
                return Err(CompletionCode::INVALID_DATA_FIELD);
            }
            let mut text = data.clone();
            text.resize(SystemInfoParameter::HEAD.saturating_add((*length).into()), 0);
            self.texts.insert(selector, text);
        } else {
            let text = self.texts.get_mut(&selector);
            let block =
                text.and_then(|text| text.chunks_mut(SystemInfoParameter::BLOCK).nth(set.into()));
            let block = block.ok_or(CompletionCode::PARAMETER_OUT_OF_RANGE)?;
            block.iter_mut().zip(data).for_each(|(to, from)| *to = *from);
        }
        self.claim.prolong(context);
        if let Some(text) = self.texts.get(&selector).filter(|_| !VOLATILE.contains(&selector)) {
            let key = Key { room: Room::SystemInfo, number: selector.into() };
            journal.put_bytes(key, text.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::cmd::chassis::SetInProgress;

    use super::*;
    use crate::context::Origin;
    use crate::nvram::{Change, Memory};

    const NAME: u8 = SystemInfoParameter::SYSTEM_NAME;

    fn context() -> Context {
        Context { now: Instant::now(), origin: Origin::SystemInterface }
    }

    fn block(selector: u8, set: u8, data: &[u8]) -> SetSystemInfoParameters {
        let data = data.to_vec();
        SetSystemInfoParameters { parameter: SystemInfoParameter::Text { selector, set, data } }
    }

    fn write(info: &mut SystemInfo, selector: u8, text: &str, journal: &mut Journal) {
        let length = u8::try_from(text.len()).unwrap();
        let raw: Vec<u8> = [0, length].into_iter().chain(text.bytes()).collect();
        for (set, data) in (0..).zip(raw.chunks(16)) {
            info.set(&context(), &block(selector, set, data), journal).unwrap();
        }
    }

    fn read(info: &SystemInfo, selector: u8) -> String {
        let mut raw = Vec::new();
        for set in 0.. {
            let request = GetSystemInfoParameters { revision_only: false, selector, set, block: 0 };
            let Ok(answer) = info.get(Instant::now(), &request) else { break };
            let Some(SystemInfoParameter::Text { data, .. }) = answer.parameter else { panic!() };
            assert_eq!(data.len(), 16);
            raw.extend(data);
        }
        let length = usize::from(raw[1]);
        String::from_utf8(raw[2..2 + length].to_vec()).unwrap()
    }

    #[test]
    fn texts_of_every_length_come_back_and_some_are_kept() {
        let (mut info, mut journal) = (SystemInfo::default(), Journal::default());
        assert_eq!(read(&info, NAME), "");
        for length in [0, 1, 13, 14, 15, 30, 31, 255, 3] {
            let text = "abcdefghij".repeat(26)[..length].to_owned();
            write(&mut info, NAME, &text, &mut journal);
            assert_eq!(read(&info, NAME), text);
        }
        write(&mut info, SystemInfoParameter::BMC_URL, "https://bmc.example/", &mut journal);
        write(&mut info, SystemInfoParameter::OS_NAME, "Linux", &mut journal);
        write(&mut info, SystemInfoParameter::OS_VERSION, "6.1", &mut journal);
        let store: BTreeMap<_, _> = journal
            .take()
            .into_iter()
            .map(|change| match change {
                Change::Put(key, value) => (key, value),
                other => panic!("{other:?}"),
            })
            .collect();
        let values = store.iter().map(|(key, value)| (*key, value.as_slice()));
        let again = SystemInfo::new(&Memory::decode(values).unwrap().system_info);
        assert_eq!(read(&again, NAME), "abc");
        assert_eq!(read(&again, SystemInfoParameter::BMC_URL), "https://bmc.example/");
        assert_eq!(read(&again, SystemInfoParameter::OS_NAME), "");
        info.forget_running_system();
        assert_eq!(read(&info, SystemInfoParameter::OS_VERSION), "");
        assert_eq!(read(&info, NAME), "abc");
    }

    #[test]
    fn what_there_is_not_is_refused_and_changes_nothing() {
        let (mut info, mut journal) = (SystemInfo::default(), Journal::default());
        write(&mut info, NAME, "web1", &mut journal);
        journal.take();
        for (request, code) in [
            (block(NAME, 0, &[0]), 0xc7),
            (block(NAME, 0, &[3, 1, b'x']), 0xcc),
            (block(NAME, 1, b"x"), 0xc9),
            (block(SystemInfoParameter::BMC_URL, 1, b"x"), 0xc9),
        ] {
            let refused = info.set(&context(), &request, &mut journal);
            assert_eq!(refused, Err(CompletionCode(code)));
        }
        let other = SystemInfoParameter::Other { selector: 0xde, data: vec![0] };
        let refused =
            info.set(&context(), &SetSystemInfoParameters { parameter: other }, &mut journal);
        assert_eq!(refused, Err(CompletionCode(0x80)));
        assert_eq!((read(&info, NAME).as_str(), journal.take().len()), ("web1", 0));
        let get = |selector, set| {
            let request = GetSystemInfoParameters { revision_only: false, selector, set, block: 0 };
            info.get(Instant::now(), &request).unwrap_err()
        };
        assert_eq!((get(8, 0), get(NAME, 1)), (CompletionCode(0x80), CompletionCode(0xc9)));
    }

    #[test]
    fn two_cannot_set_at_a_time_and_a_reset_ends_it() {
        let (mut info, mut journal) = (SystemInfo::default(), Journal::default());
        let parameter = SystemInfoParameter::SetInProgress(SetInProgress::InProgress);
        let claim = SetSystemInfoParameters { parameter: parameter.clone() };
        info.set(&context(), &claim, &mut journal).unwrap();
        let request =
            GetSystemInfoParameters { revision_only: false, selector: 0, set: 0, block: 0 };
        let says = |info: &SystemInfo| info.get(Instant::now(), &request).unwrap().parameter;
        assert_eq!(says(&info), Some(parameter));
        info.reset();
        let complete = SystemInfoParameter::SetInProgress(SetInProgress::Complete);
        assert_eq!((says(&info), journal.take().len()), (Some(complete), 0));
    }
}
