//! `raw`.

use crate::pair::Pair;

#[test]
fn bytes_in_and_bytes_out() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "raw 0x06 0x01",
        "raw 6 1",
        "raw 06 01",
        "raw application 1",
        "raw Chassis 0x01",
        "raw storage 0x20",
        "raw 0x0a 0x43 0 0 0xff 0xff 0 0xff",
        "raw 0x06 0x37",
        "raw 0 4 0",
        "raw 6 0x22",
        "raw 08 1",
        "raw 6 09",
        "raw 6",
        "raw",
        "raw help",
        "raw app 1",
        "raw 6 1 0x100",
    ] {
        pair.same(line);
    }
    pair.same_error(
        "raw 6 0x99",
        "Unable to send RAW command (channel=0x0 netfn=0x6 lun=0x0 cmd=0x99 rsp=0xc1): Invalid command",
    );
    pair.same_error("raw 0 2 9", "Invalid data field in request");
}
