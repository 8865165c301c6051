/* SPDX-License-Identifier: Apache-2.0 */
/* defer.h - what lives as long as the function that made it.
 *
 *	defer(X509) *cert = d2i_X509(NULL, &der, len);
 *
 * frees cert however the function returns.  A folder that uses a library
 * declares its types once: DEFER(X509, X509_free). */
#ifndef BASE_DEFER_H
#define BASE_DEFER_H

#define DEFER(type, release)						\
	static inline void defer_##type(type **x)			\
	{								\
		if (*x != NULL)						\
			release(*x);					\
	}
#define defer(type) __attribute__((cleanup(defer_##type))) type


/* The same for struct types of ours: DEFER_STRUCT(view, view_close), then
 * defer_struct(view) *v = view_open(s); */
#define DEFER_STRUCT(name, release)					\
	static inline void defer_struct_##name(struct name **x)		\
	{								\
		if (*x != NULL)						\
			release(*x);					\
	}
#define defer_struct(name)						\
	__attribute__((cleanup(defer_struct_##name))) struct name

#endif
