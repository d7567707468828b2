//! The way to the controller that is meant, and the socket of this machine that all goes through.

use std::net::IpAddr;

use ipmi_wire::Channel;
use ipmi_wire::bridge::{Hop, Route};
use ipmi_wire::lan::BMC_ADDRESS;
use lantern_config::{Config, Entry, Value};

use super::{Chosen, Whence};
use crate::cli::Globals;
use crate::error::Error;

/// The way to the controller behind the BMC that is meant; `None` if the BMC itself is. A target on
/// the command line is a word against the whole way in a file.
pub(super) fn way(globals: &Globals, entry: &Entry) -> Result<Option<Chosen<Route>>, Error> {
    let typed = typed(globals);
    let value = |of: &Option<Value<u8>>| of.as_ref().map(|value| value.value);
    let filed = Way {
        target: value(&entry.target_address),
        channel: value(&entry.target_channel),
        transit: value(&entry.transit_address),
        transit_channel: value(&entry.transit_channel),
        local: value(&entry.local_address),
    };
    let (way, whence) = match (typed.target, &entry.target_address) {
        (Some(_), _) => (Way { local: typed.local.or(filed.local), ..typed }, Whence::Option("-t")),
        (None, Some(target)) => (typed.over(filed), Whence::File(target.origin.clone())),
        (None, None) => (typed, Whence::BuiltIn),
    };
    let route = way.route()?;
    Ok(route.map(|value| Chosen { value, whence }))
}

/// The way that the command line names, from the machine's own BMC.
pub(crate) fn typed_way(globals: &Globals) -> Result<Option<Route>, Error> {
    typed(globals).route()
}

const fn typed(globals: &Globals) -> Way {
    Way {
        target: globals.target_address,
        channel: globals.target_channel,
        transit: globals.transit_address,
        transit_channel: globals.transit_channel,
        local: globals.local_address,
    }
}

#[derive(Clone, Copy)]
struct Way {
    target: Option<u8>,
    channel: Option<u8>,
    transit: Option<u8>,
    transit_channel: Option<u8>,
    local: Option<u8>,
}

impl Way {
    fn over(self, other: Self) -> Self {
        Self {
            target: self.target.or(other.target),
            channel: self.channel.or(other.channel),
            transit: self.transit.or(other.transit),
            transit_channel: self.transit_channel.or(other.transit_channel),
            local: self.local.or(other.local),
        }
    }

    /// As ipmitool takes its options: who is at the requester's own address is no transit, and the
    /// BMC itself no target.
    fn route(self) -> Result<Option<Route>, Error> {
        let Some(address) = self.target else {
            let leads_nowhere = self.channel.or(self.transit).or(self.transit_channel).is_some();
            return match leads_nowhere {
                true => Err(Error::usage("a channel or a transit, and no controller behind it")
                    .next("say which one is meant: -t 0x82")),
                false => Ok(None),
            };
        };
        if self.transit.is_none() && self.transit_channel.is_some() {
            return Err(Error::usage("-B is the channel of a transit, and there is none")
                .next("say which one is between: -T 0x82; or the target's channel: -b"));
        }
        let hop = |address, channel: Option<u8>| Hop {
            channel: Channel::new(channel.unwrap_or_default()),
            address,
        };
        let own = self.local.unwrap_or(BMC_ADDRESS);
        let transit = self.transit.filter(|transit| *transit != own);
        let route = Route {
            target: hop(address, self.channel),
            transit: transit.map(|transit| hop(transit, self.transit_channel)),
            local_address: self.local,
        };
        let is_bmc = route.transit.is_none() && route.target == Hop::ipmb(BMC_ADDRESS);
        Ok((!is_bmc).then_some(route))
    }
}

/// The address and the port of this machine that all packets are from: one socket serves all BMCs.
pub(crate) fn source(globals: &Globals, config: &Config) -> (Option<IpAddr>, u16) {
    let filed = &config.defaults;
    let address = globals.source_address.or(filed.source_address.as_ref().map(|of| of.value));
    let port = globals
        .source_address
        .and_then(|source| source.port)
        .or(globals.source_port)
        .or(filed.source_address.as_ref().and_then(|of| of.value.port))
        .or(filed.source_port.as_ref().map(|of| of.value));
    (address.map(|source| source.address), port.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: Way = Way {
        target: Some(0x82),
        channel: None,
        transit: None,
        transit_channel: None,
        local: None,
    };

    fn route(way: Way) -> Option<Route> {
        way.route().unwrap()
    }

    #[test]
    fn a_target_is_on_the_primary_bus_unless_something_else_is_said() {
        assert_eq!(route(TO), Some(Route::to(Hop::ipmb(0x82))));
        let far = route(Way { channel: Some(7), transit: Some(0x2c), ..TO }).unwrap();
        assert_eq!(far.to_string(), "82h on channel 7 behind 2ch");
    }

    #[test]
    fn the_bmc_itself_needs_no_way() {
        assert_eq!(route(Way { target: Some(0x20), ..TO }), None);
        assert!(route(Way { target: Some(0x20), channel: Some(7), ..TO }).is_some());
        assert_eq!(route(Way { transit: Some(0x20), ..TO }), route(TO));
        // ipmitool's example: another requester makes the BMC a transit.
        let far = Way { transit: Some(0x20), local: Some(0x81), ..TO };
        assert_eq!(route(far).map(|route| route.layers()), Some(2));
    }

    #[test]
    fn a_way_to_nobody_is_told() {
        let nobody = Way { target: None, channel: Some(7), ..TO };
        assert!(nobody.route().is_err());
        assert!(Way { transit_channel: Some(6), ..TO }.route().is_err());
        assert_eq!(route(Way { target: None, local: Some(0x20), ..TO }), None);
    }
}
