//! Get SEL Time: the clock that stamps events.

use crate::cmd::storage::RepositoryTime;
use crate::command::{Access, Command, no_request_data};
use crate::netfn::{CommandId, NetFn};
use crate::privilege::Privilege;

/// Get SEL Time. IPMI v2.0 §31.10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetSelTime;

impl Command for GetSelTime {
    type Response = RepositoryTime;
    const ID: CommandId = CommandId::new(NetFn::Storage, 0x48);
    const NAME: &'static str = "Get SEL Time";
    const SECTION: &'static str = "IPMI v2.0 §31.10";
    const ACCESS: Access = Access::Session(Privilege::User);
}

no_request_data!(GetSelTime);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decode, Encode};
    use crate::sel::Timestamp;

    #[test]
    fn a_clock_that_was_never_set_counts_from_the_start() {
        // By hand from §31.10.
        let time = RepositoryTime::decode_exact(&[0x10, 0x0e, 0, 0]).unwrap();
        assert_eq!(time.timestamp(), Timestamp::SinceInit(3600));
        assert_eq!(time.to_bytes(), [0x10, 0x0e, 0, 0]);
        assert!(RepositoryTime::decode_exact(&[0x10, 0x0e, 0]).is_err());
    }
}
