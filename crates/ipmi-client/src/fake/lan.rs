//! Its LAN: parameters as bytes, and "set in progress" as real BMCs have it: what is written meanwhile
//! holds when it is completed, or at once.

use std::collections::BTreeMap;

use ipmi_wire::cmd::app::GetChannelInfo;
use ipmi_wire::cmd::transport::{
    GetIpUdpRmcpStatistics, GetLanConfigurationParameters, SuspendBmcArps,
};
use ipmi_wire::{Channel, Command, CompletionCode, Request, Response};

use super::{World, code, of};

/// The LAN of the machine.
pub(crate) struct Lan {
    /// By selector, set and block. What is not here is not supported.
    pub(crate) parameters: BTreeMap<(u8, u8, u8), Vec<u8>>,
    /// What is refused when it is written, with its code.
    pub(crate) refused: BTreeMap<u8, u8>,
    /// What is acknowledged and ignored.
    pub(crate) ignored: Vec<u8>,
    /// What parameter 0 answers when it is set, if not what it should.
    pub(crate) lock_refused: Option<u8>,
    /// Whether what is written holds only when it is completed.
    pub(crate) staged: bool,
    pub(crate) progress: u8,
    stage: Vec<((u8, u8, u8), Vec<u8>)>,
    /// Packets received.
    pub(crate) received: u16,
}

impl Default for Lan {
    /// What FreeIPMI and ipmitool read of a board of that time.
    fn default() -> Self {
        let parameters: [(u8, &[u8]); 20] = [
            (1, &[0x14]),
            (2, &[0x14, 0x14, 0x14, 0x14, 0]),
            (3, &[192, 0, 2, 1]),
            (4, &[1]),
            (5, &[0x00, 0x25, 0x90, 1, 2, 3]),
            (6, &[255, 255, 255, 0]),
            (7, &[64, 0x40, 0x10]),
            (10, &[2]),
            (11, &[3]),
            (12, &[192, 0, 2, 254]),
            (13, &[0, 1, 2, 3, 4, 5]),
            (14, &[0, 0, 0, 0]),
            (15, &[0, 0, 0, 0, 0, 0]),
            (16, b"public\0\0\0\0\0\0\0\0\0\0\0\0"),
            (17, &[1]),
            (20, &[0, 0]),
            (21, &[0]),
            (23, &[0, 0, 3, 17]),
            (24, &[0, 0x04, 0x40, 0, 0, 0, 0, 0, 0]),
            (26, &[1, 3, 6, 0, 30, 0]),
        ];
        let mut parameters: BTreeMap<_, _> = parameters
            .into_iter()
            .map(|(selector, data)| ((selector, 0, 0), data.to_vec()))
            .collect();
        for set in 0..=1 {
            parameters.insert((18, set, 0), vec![set, 0, 3, 2]);
            parameters.insert((19, set, 0), vec![set, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
        Self {
            parameters,
            refused: BTreeMap::new(),
            ignored: Vec::new(),
            lock_refused: None,
            staged: false,
            progress: 0,
            stage: Vec::new(),
            received: 500,
        }
    }
}

/// Parameters that begin with a set selector, and those with a block selector, too.
const SETS: [u8; 9] = [18, 19, 25, 56, 59, 74, 75, 76, 77];
const BLOCKS: [u8; 4] = [58, 61, 63, 80];

impl World {
    pub(super) fn answer_lan(&mut self, request: &Request) -> Option<Response> {
        if let Some(get) = of::<GetChannelInfo>(request) {
            return Some(match get.channel {
                Channel::PRESENT => channel_info(1),
                channel if channel.number() == 1 => channel_info(1),
                _ => code(0xcc),
            });
        }
        if let Some(get) = of::<GetIpUdpRmcpStatistics>(request) {
            let mut data = vec![0; 18];
            self.lan.received += 1;
            data[..2].copy_from_slice(&self.lan.received.to_le_bytes());
            if get.clear {
                self.lan.received = 0;
            }
            return Some(Response { completion: CompletionCode::OK, data });
        }
        if let Some(suspend) = of::<SuspendBmcArps>(request) {
            let on = self.lan.parameters[&(10, 0, 0)][0];
            let data = vec![on & !request.data[1]];
            return (suspend.channel.number() == 1)
                .then_some(Response { completion: CompletionCode::OK, data });
        }
        if let Some(get) = of::<GetLanConfigurationParameters>(request) {
            if get.channel.number() != 1 {
                return Some(code(0xcc));
            }
            let data = match get.selector {
                0 => Some(vec![self.lan.progress]),
                selector => self.seen(&(selector, get.set, get.block)),
            };
            return Some(data.map_or(code(0x80), |mut data| {
                data.insert(0, 0x11);
                Response { completion: CompletionCode::OK, data }
            }));
        }
        let is_set = request.netfn == SET.0 && request.cmd == SET.1;
        is_set.then(|| self.set_lan(&request.data))
    }

    /// Every session here is the one that has set "set in progress".
    fn seen(&self, place: &(u8, u8, u8)) -> Option<Vec<u8>> {
        let staged = self.lan.stage.iter().rev().find(|(of, _)| of == place);
        staged.map(|(_, data)| data).or(self.lan.parameters.get(place)).cloned()
    }

    fn set_lan(&mut self, data: &[u8]) -> Response {
        let (selector, data) = (data[1], &data[2..]);
        let lan = &mut self.lan;
        if selector == 0 {
            if let Some(refusal) = lan.lock_refused {
                return code(refusal);
            }
            lan.progress = data[0] & 1;
            if data[0] != 1 {
                lan.parameters.extend(std::mem::take(&mut lan.stage));
            }
            return code(0);
        }
        let set = if SETS.contains(&selector) || BLOCKS.contains(&selector) { data[0] } else { 0 };
        let block = if BLOCKS.contains(&selector) { data[1] } else { 0 };
        let place = (selector, set, block);
        if !lan.parameters.contains_key(&place) {
            return code(0x80);
        }
        if let Some(refusal) = lan.refused.get(&selector) {
            return code(*refusal);
        }
        if lan.ignored.contains(&selector) {
            return code(0);
        }
        match lan.staged && lan.progress == 1 {
            true => lan.stage.push((place, data.to_vec())),
            false => drop(lan.parameters.insert(place, data.to_vec())),
        }
        code(0)
    }
}

const SET: (ipmi_wire::NetFn, u8) = {
    let id = ipmi_wire::cmd::transport::SetLanConfigurationParameters::ID;
    (id.netfn, id.cmd)
};

/// 802.3 LAN, sessions, IPMI's own protocol.
fn channel_info(number: u8) -> Response {
    let data = vec![number, 4, 1, 0x81, 0xf2, 0x1b, 0, 0, 0];
    Response { completion: CompletionCode::OK, data }
}
