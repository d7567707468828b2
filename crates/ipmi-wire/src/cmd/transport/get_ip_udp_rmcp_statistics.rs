//! Get IP/UDP/RMCP Statistics: what has come in and gone out.

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::command::{Access, Command, Effect};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::{Channel, Privilege};

/// Get IP/UDP/RMCP Statistics. IPMI v2.0 §23.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetIpUdpRmcpStatistics {
    /// Which channel.
    pub channel: Channel,
    /// Whether all counters start again at 0.
    pub clear: bool,
}

/// The answer to [`GetIpUdpRmcpStatistics`]. A counter stops at FFFFh.
///
/// ipmitool 1.8.19 prints each with its two bytes exchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IpUdpRmcpStatistics {
    /// IP packets that came in.
    pub ip_received: u16,
    /// Of these, with a wrong header.
    pub ip_header_errors: u16,
    /// With a wrong address.
    pub ip_address_errors: u16,
    /// In fragments.
    pub ip_fragments: u16,
    /// IP packets that went out.
    pub ip_transmitted: u16,
    /// UDP packets that came in.
    pub udp_received: u16,
    /// Of these, valid ones of RMCP.
    pub rmcp_received: u16,
    /// Packets for a UDP proxy that came in.
    pub proxy_received: u16,
    /// Of these, that were dropped.
    pub proxy_dropped: u16,
}

impl Command for GetIpUdpRmcpStatistics {
    type Response = IpUdpRmcpStatistics;
    const ID: CommandId = CommandId::new(NetFn::Transport, 0x04);
    const NAME: &'static str = "Get IP/UDP/RMCP Statistics";
    const SECTION: &'static str = "IPMI v2.0 §23.4";
    const ACCESS: Access = Access::Session(Privilege::User);

    fn effect(&self) -> Effect {
        if self.clear { Effect::Once } else { Effect::Read }
    }
}

impl Encode for GetIpUdpRmcpStatistics {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([self.channel.number(), u8::from(self.clear)]);
    }
}

impl Decode for GetIpUdpRmcpStatistics {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            channel: Channel::new(r.u8("channel")?),
            clear: r.u8("clear all statistics")? & 1 != 0,
        })
    }
}

impl Encode for IpUdpRmcpStatistics {
    fn encode(&self, out: &mut Vec<u8>) {
        let counters = [
            self.ip_received,
            self.ip_header_errors,
            self.ip_address_errors,
            self.ip_fragments,
            self.ip_transmitted,
            self.udp_received,
            self.rmcp_received,
            self.proxy_received,
            self.proxy_dropped,
        ];
        out.extend(counters.map(u16::to_le_bytes).as_flattened());
    }
}

impl Decode for IpUdpRmcpStatistics {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            ip_received: r.u16("IP packets received")?,
            ip_header_errors: r.u16("received IP header errors")?,
            ip_address_errors: r.u16("received IP address errors")?,
            ip_fragments: r.u16("fragmented IP packets received")?,
            ip_transmitted: r.u16("IP packets transmitted")?,
            udp_received: r.u16("UDP packets received")?,
            rmcp_received: r.u16("valid RMCP packets received")?,
            proxy_received: r.u16("UDP proxy packets received")?,
            proxy_dropped: r.u16("UDP proxy packets dropped")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand from §23.4; FreeIPMI's template has the same order.
    #[test]
    fn nine_counters_low_byte_first() {
        let bytes: Vec<u8> = (1..=18).collect();
        let statistics = IpUdpRmcpStatistics::decode_exact(&bytes).unwrap();
        assert_eq!((statistics.ip_received, statistics.proxy_dropped), (0x0201, 0x1211));
        assert_eq!(statistics.to_bytes(), bytes);
        for length in 0..bytes.len() {
            assert!(IpUdpRmcpStatistics::decode_exact(&bytes[..length]).is_err());
        }
    }

    #[test]
    fn what_is_cleared_is_told_once() {
        let request = GetIpUdpRmcpStatistics::decode_exact(&[1, 1]).unwrap();
        assert_eq!((request.clear, request.effect()), (true, Effect::Once));
        assert_eq!(request.to_bytes(), [1, 1]);
        let request = GetIpUdpRmcpStatistics::decode_exact(&[1, 0]).unwrap();
        assert_eq!((request.clear, request.effect()), (false, Effect::Read));
        assert!(GetIpUdpRmcpStatistics::decode_exact(&[1]).is_err());
    }
}
