'use strict';
/*
 * For Haraka's config/plugins, between dkim and spamassassin: hands what haraka-plugin-dkim found to the
 * plugins behind it, as an Authentication-Results field on top of the message. Haraka itself
 * writes that field when all of them are done. Of a signature only the domain is written: the rest
 * is its sender's own text.
 */

exports.hook_data_post = function (next, connection) {
	const txn = connection?.transaction;
	if (!txn) return next();

	const passed = (txn.notes.dkim_results || [])
		.filter((found) => found.result === 'pass' && /^[a-z0-9._-]+$/i.test(found.domain))
		.map((found) => `dkim=pass header.d=${found.domain}`);
	const results = [connection.local.host, ...(passed.length ? passed : ['none'])];

	txn.remove_header('Authentication-Results');
	txn.add_leading_header('Authentication-Results', results.join('; '));
	next();
};
