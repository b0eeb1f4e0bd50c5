/*
 * private_codec.h - keys and records of the private store; for private.c and private_write.c.
 *
 * Tables, all keys bytes in the order they sort:
 *
 *	site     ""                     site record
 *	users    user                   user record
 *	names    name, lower case       user
 *	aliases  user name              ""          (the names but the address, for listings)
 *	entries  user subject           entry record
 *	holders  subject                set of user
 *
 * where user and subject are the 32-byte digests of principals. Records begin with a version
 * and end with a check; integers are big-endian; a string is a u16 length and its bytes.
 *
 *	site record                     user record
 *	offset size                     offset size
 *	     0    1  version 1               0    1  version 1
 *	     1  2+n  domain                  1   43  identity, thumbprint
 *	   3+n    8  check                  44    8  created, seconds since 1970
 *	                                    52  2+n  address, without "addr:"
 *	                                  54+n    8  check
 *
 *	entry record
 *	offset size
 *	     0    1  version 1
 *	     1    1  level, 0 to 3
 *	     2    1  flags: 1 blocked, 2 learned, 4 identity confirmed, 8 credit of his own
 *	     3    8  added, seconds since 1970
 *	    11    8  last mail, seconds since 1970; 0 unknown
 *	    19   43  identity, thumbprint; only with flag 4
 *	         2+n subject, principal text
 *	         2+n note
 *	          4  credit, millionths; only with flag 8
 *	          8  check
 *
 * Version and check are those of common/store/record.h.
 *
 * Site record of example.org, its key being "site":
 *
 *	01 000b 6578616d706c652e6f7267 5957370e04343d96
 */
#ifndef COMMON_GRAPH_PRIVATE_CODEC_H
#define COMMON_GRAPH_PRIVATE_CODEC_H

#include "common/graph/private.h"

enum private_table {
	PRIVATE_SITE,
	PRIVATE_USERS,
	PRIVATE_NAMES,
	PRIVATE_ALIASES,
	PRIVATE_ENTRIES,
	PRIVATE_HOLDERS,
};

/** The one key of the site table. */
#define PRIVATE_SITE_KEY SLICE("site")

#define PRIVATE_SITE_RECORD_MAX (1 + 2 + 256 + 8)
#define PRIVATE_USER_RECORD_MAX (1 + IDENTITY_THUMBPRINT_LEN + 8 + 2 + PRINCIPAL_TEXT_MAX + 8)
#define PRIVATE_ENTRY_RECORD_MAX                                                               \
	(3 + 8 + 8 + IDENTITY_THUMBPRINT_LEN + 2 + PRINCIPAL_TEXT_MAX + 2 + PRIVATE_NOTE_MAX + \
		4 + 8)

/** A key of two digests, or of a digest and a name. */
struct private_key {
	uint8_t bytes[DIGEST_LEN + PRIVATE_NAME_MAX];
	size_t len;
};

static inline struct slice
private_key_slice(const struct private_key *key)
{
	return slice_of(key->bytes, key->len);
}

/** user followed by rest, which fits. */
void private_key_make(
	const struct digest *user, struct slice rest, struct private_key *key_out);

/** A name as it is looked up: an address canonical, anything else as it is, all in lower case. */
struct private_name {
	size_t len;
	char text[PRIVATE_NAME_MAX + 1];
};

/** @return 0; ERR_INVALID for an empty name or one with control characters; ERR_TOOBIG. */
NODISCARD int private_name_make(struct slice text, struct private_name *out);

static inline struct slice
private_name_slice(const struct private_name *name)
{
	return slice_of(name->text, name->len);
}

/*
 * Encoding: 0 and the record in buf, or ERR_TOOBIG. Decoding: 0; ERR_CORRUPT; ERR_VERSION for a
 * record of a newer version; slices point into the record, digests come from the key.
 */

NODISCARD int private_site_encode(struct slice key, struct slice domain,
	uint8_t buf[PRIVATE_SITE_RECORD_MAX], struct slice *out);
NODISCARD int private_site_decode(
	struct slice key, struct slice record, struct slice *domain_out);

NODISCARD int private_user_encode(struct slice key, const struct private_user *user,
	uint8_t buf[PRIVATE_USER_RECORD_MAX], struct slice *out);
NODISCARD int private_user_decode(
	struct slice key, struct slice record, struct private_user *out);

NODISCARD int private_entry_encode(struct slice key, const struct private_entry *entry,
	uint8_t buf[PRIVATE_ENTRY_RECORD_MAX], struct slice *out);
NODISCARD int private_entry_decode(
	struct slice key, struct slice record, struct private_entry *out);

/** Whether private_next_notable() is to return it; looks at single bytes, and checks nothing. */
bool private_entry_is_notable(struct slice record, bool or_strong);

/** A user's digest as stored in names and holders. @return 0 or ERR_CORRUPT. */
NODISCARD int private_digest_decode(struct slice value, struct digest *out);

#endif
