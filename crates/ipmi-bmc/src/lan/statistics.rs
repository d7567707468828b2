//! Get IP/UDP/RMCP Statistics. IPMI v2.0 §23.4.
//!
//! The BMC sees datagrams. What the system underneath it throws away (wrong headers, other people's
//! addresses) or puts together (fragments) it never sees, so these stay 0.

use ipmi_wire::cmd::transport::IpUdpRmcpStatistics;
use ipmi_wire::rmcp::{RmcpClass, RmcpHeader};
use ipmi_wire::{Decode, Reader};

/// What has come in and gone out since the counters were last cleared. A counter stops at its end.
#[derive(Debug, Default)]
pub(crate) struct Statistics {
    received: u16,
    valid: u16,
    transmitted: u16,
}

impl Statistics {
    pub(crate) fn received(&mut self, datagram: &[u8]) {
        self.received = self.received.saturating_add(1);
        let header = RmcpHeader::decode(&mut Reader::new(datagram));
        let is_valid =
            |header: &RmcpHeader| matches!(header.class, RmcpClass::Asf | RmcpClass::Ipmi);
        if header.as_ref().is_ok_and(is_valid) {
            self.valid = self.valid.saturating_add(1);
        }
    }

    pub(crate) const fn transmitted(&mut self) {
        self.transmitted = self.transmitted.saturating_add(1);
    }

    pub(crate) fn get(&self) -> IpUdpRmcpStatistics {
        IpUdpRmcpStatistics {
            ip_received: self.received,
            ip_transmitted: self.transmitted,
            udp_received: self.received,
            rmcp_received: self.valid,
            ..IpUdpRmcpStatistics::default()
        }
    }
}
