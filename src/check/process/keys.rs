//! What connections over TLS are made with: the files of the block `SSL`.

use std::path::Path;
use std::rc::Rc;

use super::CheckProcess;
use crate::check::checker::{Checker, Kind};
use crate::control_plane::Config;
use crate::net::tls::{KeyFiles, TlsContext};

impl CheckProcess {
    /// Read the files, at the start and at each reload: certificates are renewed. They
    /// are of no use without a check over TLS. With a file that cannot be used those
    /// checks cannot be made, and say so.
    pub(super) fn load_keys(&mut self) {
        let config = Rc::clone(&self.config);
        if !is_wanted(&config) {
            return;
        }
        let keys = config.check.tls.as_ref();
        let context = TlsContext::new(&KeyFiles {
            ca: keys.and_then(|keys| Some(Path::new(&keys.ca.as_ref()?.value))),
            certificate: keys.and_then(|keys| Some(Path::new(&keys.certificate.as_ref()?.value))),
            key: keys.and_then(|keys| Some(Path::new(&keys.key.as_ref()?.value))),
            password: keys.and_then(|keys| keys.password.as_ref()),
        });
        if let Err(error) = &context {
            log::error!("{error}");
        }
        self.talks.use_tls(context);
    }
}

/// Whether there is a check over TLS.
fn is_wanted(config: &Config) -> bool {
    let servers = config.check.services.iter();
    let servers = servers.flat_map(|service| &service.servers);
    let uses_tls = |checker: &Checker| match &checker.kind {
        Kind::Http(http) => http.tls.is_some(),
        Kind::Tcp(_)
        | Kind::Smtp(_)
        | Kind::Dns(_)
        | Kind::Udp(_)
        | Kind::Ping(_)
        | Kind::Misc(_)
        | Kind::File(_)
        | Kind::Bfd(_) => false,
    };
    servers.flat_map(|server| &server.checkers).any(uses_tls)
}
