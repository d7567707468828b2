//! A capture file, written by hand: raw IPv4 packets with a UDP header made up around each
//! datagram.
//!
//! The BMC is always written as port 623, wherever it really listens, because that is how Wireshark
//! knows RMCP; the addresses are from the range kept for documentation.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::{Direction, Packet};

/// Writes `packets` to a capture file at `path`; `started` is the time since 1970 of their zero.
///
/// # Errors
/// Those of writing the file.
pub fn save(path: &Path, started: Duration, packets: &[Packet]) -> io::Result<()> {
    fs::write(path, file(started, packets))
}

/// The whole file: a header, then each packet under a header of its own, all little-endian.
fn file(started: Duration, packets: &[Packet]) -> Vec<u8> {
    let mut out = Vec::new();
    // Magic number (microseconds), version 2.4, no zone, no accuracy, snapshot length, link type.
    for word in [0xa1b2_c3d4_u32, 4 << 16 | 2, 0, 0, 65535, LINKTYPE_RAW] {
        out.extend(word.to_le_bytes());
    }
    for packet in packets {
        let bytes = ip_packet(packet);
        let length = u32::try_from(bytes.len()).expect("a datagram is short");
        let at = started + packet.at;
        let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
        for word in [seconds, at.subsec_micros(), length, length] {
            out.extend(word.to_le_bytes());
        }
        out.extend(bytes);
    }
    out
}

/// IPv4 header, UDP header, datagram; big-endian as networks are.
fn ip_packet(packet: &Packet) -> Vec<u8> {
    let console = (CONSOLE, packet.console.port());
    let ((from, from_port), (to, to_port)) = match packet.direction {
        Direction::ToBmc => (console, BMC),
        Direction::ToConsole => (BMC, console),
    };
    let udp_length = u16::try_from(packet.bytes.len() + 8).expect("a datagram is short");
    let ip_length = udp_length.checked_add(20).expect("a datagram is short");

    let mut header = vec![0x45, 0x00];
    header.extend(ip_length.to_be_bytes());
    // No identification, don't fragment, 64 hops, UDP, checksum to be filled in.
    header.extend([0x00, 0x00, 0x40, 0x00, 64, 17, 0x00, 0x00]);
    header.extend(from);
    header.extend(to);
    let sum = internet_checksum(&header).to_be_bytes();
    header[10..12].copy_from_slice(&sum);

    for field in [from_port, to_port, udp_length, NO_CHECKSUM] {
        header.extend(field.to_be_bytes());
    }
    header.extend_from_slice(&packet.bytes);
    header
}

/// Source: RFC 1071.
fn internet_checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("just folded")
}

/// Packets begin with their IP header. Source: the pcap link-type registry, 101.
const LINKTYPE_RAW: u32 = 101;
const CONSOLE: [u8; 4] = [192, 0, 2, 1];
const BMC: ([u8; 4], u16) = ([192, 0, 2, 2], 623);
/// Allowed by RFC 768 over IPv4.
const NO_CHECKSUM: u16 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_one_packet() {
        let packet = Packet {
            at: Duration::from_millis(1500),
            direction: Direction::ToBmc,
            console: "127.0.0.1:50000".parse().unwrap(),
            bytes: vec![0xaa, 0xbb],
        };
        let file = file(Duration::from_secs(10), &[packet]);
        assert_eq!(file[..8], [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
        assert_eq!(file[20..24], [101, 0, 0, 0]);
        let record = &file[24..];
        assert_eq!(record[..8], [11, 0, 0, 0, 0x20, 0xa1, 7, 0]);
        assert_eq!(record[8..12], record[12..16]);
        assert_eq!(record[8], 30);
        let ip = &record[16..];
        assert_eq!(internet_checksum(&ip[..20]), 0, "a header with its checksum sums to nothing");
        assert_eq!(ip[20..], [0xc3, 0x50, 0x02, 0x6f, 0, 10, 0, 0, 0xaa, 0xbb]);
    }
}
