/* A plugin for Haraka that asks the name server in config/resolver for everything. */
'use strict';

const dns = require('node:dns');

exports.register = function () {
	const servers = [this.config.get('resolver')];
	dns.setServers(servers);
	dns.promises.setServers(servers);
};
