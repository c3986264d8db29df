(module
  (type (;0;) (sub (struct (field i64))))
  (type (;1;) (sub 0 (struct (field i64) (field i32))))
  (type (;2;) (struct (field i64) (field (ref null 2))))
  (type (;3;) (array (mut i64)))
  (type (;4;) (func (result i32)))
  (type (;5;) (func (param i32)))
  (type (;6;) (func))
  (type (;7;) (func (param i64)))
  (type (;8;) (func (result i64)))
  (type (;9;) (func (param i64) (result i64)))
  (type (;10;) (func (result f32)))
  (type (;11;) (func (param f32)))
  (type (;12;) (func (result f64)))
  (type (;13;) (func (param f64)))
  (type (;14;) (func (result v128)))
  (type (;15;) (func (param v128)))
  (type (;16;) (func (result (ref i31))))
  (type (;17;) (func (param (ref null any))))
  (type (;18;) (func (result (ref 0))))
  (type (;19;) (func (result (ref 1))))
  (type (;20;) (func (result (ref null 2))))
  (type (;21;) (func (result (ref 3))))
  (type (;22;) (func (result (ref null none))))
  (type (;23;) (func (result (ref null extern))))
  (type (;24;) (func (param (ref null extern))))
  (type (;25;) (func (result (ref null noextern))))
  (type (;26;) (func (param (ref null noextern))))
  (type (;27;) (func (result (ref null func))))
  (type (;28;) (func (param (ref null func))))
  (type (;29;) (func (result (ref null nofunc))))
  (type (;30;) (func (param (ref null nofunc))))
  (tag (;0;) (type 7))
  (tag (;1;) (type 6))
  (global (;0;) (mut i64) (i64.const 0))
  (global (;1;) (mut i32) (i32.const 0))
  (global (;2;) (mut i64) (i64.const 0))
  (global (;3;) (mut i64) (i64.const 0))
  (export "note" (func 0))
  (export "wrong" (func 1))
  (export "check-now" (func 2))
  (export "pattern" (func 3))
  (export "collect" (func 4))
  (export "overflow" (func 5))
  (export "zero" (func 6))
  (export "one" (func 7))
  (export "two" (func 8))
  (export "three" (func 9))
  (export "make-i32" (func 10))
  (export "check-i32" (func 11))
  (export "make-i64" (func 12))
  (export "check-i64" (func 13))
  (export "make-f32" (func 14))
  (export "check-f32" (func 15))
  (export "make-f64" (func 16))
  (export "check-f64" (func 17))
  (export "make-v128" (func 18))
  (export "check-v128" (func 19))
  (export "make-i31" (func 20))
  (export "check-i31" (func 21))
  (export "make-struct" (func 22))
  (export "check-struct" (func 23))
  (export "make-sub" (func 24))
  (export "check-sub" (func 25))
  (export "make-node" (func 26))
  (export "check-node" (func 27))
  (export "make-array" (func 28))
  (export "check-array" (func 29))
  (export "make-none" (func 30))
  (export "check-none" (func 31))
  (export "make-extern" (func 32))
  (export "check-extern" (func 33))
  (export "make-noextern" (func 34))
  (export "check-noextern" (func 35))
  (export "make-func" (func 36))
  (export "check-func" (func 37))
  (export "make-nofunc" (func 38))
  (export "check-nofunc" (func 39))
  (export "e0" (tag 0))
  (export "e1" (tag 1))
  (export "g0" (global 0))
  (export "g1" (global 1))
  (export "g2" (global 2))
  (export "g3" (global 3))
  (elem declare func 6 7 8 9)
  (func (;0;) (type 7) ;; note
    global.get 1
    i32.eqz
    if
      local.get 0
      i64.const 32
      i64.shr_u
      i32.wrap_i64
      global.set 1
    end
  )
  (func (;1;) (type 7) ;; wrong
    local.get 0
    call 0
    throw 1
  )
  (func (;2;) (type 7) ;; check-now
    local.get 0
    global.set 3
    local.get 0
    global.get 0
    i64.ne
    if
      local.get 0
      call 0
    end
  )
  (func (;3;) (type 9) ;; pattern
    local.get 0
    i32.wrap_i64
    i32.const 3
    i32.and
    i32.const 0
    i32.ne
    i32.eqz
    if (type 8)
      local.get 0
      i64.const -7046029254386353131
      i64.mul
      else
      local.get 0
      i32.wrap_i64
      i32.const 3
      i32.and
      i32.const 1
      i32.ne
      i32.eqz
      if (type 8)
        local.get 0
        i64.const 32
        i64.shr_u
        i64.const 4
        i64.shl
        else
        local.get 0
        i32.wrap_i64
        i32.const 3
        i32.and
        i32.const 2
        i32.ne
        i32.eqz
        if (type 8)
          local.get 0
          i64.const 32
          i64.shr_u
          i64.const 4
          i64.shl
          i64.const 139637976727552
          i64.or
          else
          local.get 0
        end
      end
    end
  )
  (func (;4;) (type 6) ;; collect
    (local i32)
    i32.const 64
    local.set 0
    loop
      i32.const 2048
      array.new_default 3
      drop
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if 0
    end
  )
  (func (;5;) (type 9) ;; overflow
    local.get 0
    i64.const 1
    i64.add
    call 5
    local.get 0
    i64.add
  )
  (func (;6;) (type 4) ;; zero
    i32.const 0
  )
  (func (;7;) (type 4) ;; one
    i32.const 1
  )
  (func (;8;) (type 4) ;; two
    i32.const 2
  )
  (func (;9;) (type 4) ;; three
    i32.const 3
  )
  (func (;10;) (type 4) ;; make-i32
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    call 3
    local.get 0
    call 3
    i64.const 32
    i64.shr_u
    i64.xor
    i32.wrap_i64
  )
  (func (;11;) (type 5) ;; check-i32
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    local.get 1
    global.set 2
    call 10
    i32.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;12;) (type 8) ;; make-i64
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    call 3
  )
  (func (;13;) (type 7) ;; check-i64
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    local.get 1
    global.set 2
    call 12
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;14;) (type 10) ;; make-f32
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    call 3
    local.get 0
    call 3
    i64.const 32
    i64.shr_u
    i64.xor
    i32.wrap_i64
    i32.const 8388607
    i32.and
    i32.const 1065353216
    i32.or
    f32.reinterpret_i32
  )
  (func (;15;) (type 11) ;; check-f32
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    i32.reinterpret_f32
    local.get 1
    global.set 2
    call 14
    i32.reinterpret_f32
    i32.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;16;) (type 12) ;; make-f64
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    call 3
    i64.const 4503599627370495
    i64.and
    i64.const 4607182418800017408
    i64.or
    f64.reinterpret_i64
  )
  (func (;17;) (type 13) ;; check-f64
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    i64.reinterpret_f64
    local.get 1
    global.set 2
    call 16
    i64.reinterpret_f64
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;18;) (type 14) ;; make-v128
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    call 3
    i64x2.splat
    local.get 0
    i64x2.replace_lane 1
  )
  (func (;19;) (type 15) ;; check-v128
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    i64x2.extract_lane 0
    local.get 1
    global.set 2
    call 18
    i64x2.extract_lane 0
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 0
    i64x2.extract_lane 1
    local.get 1
    global.set 2
    call 18
    i64x2.extract_lane 1
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;20;) (type 16) ;; make-i31
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    call 3
    local.get 0
    call 3
    i64.const 32
    i64.shr_u
    i64.xor
    i32.wrap_i64
    ref.i31
  )
  (func (;21;) (type 17) ;; check-i31
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.cast (ref i31)
    i31.get_u
    local.get 1
    global.set 2
    call 20
    i31.get_u
    i32.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;22;) (type 18) ;; make-struct
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    struct.new 0
  )
  (func (;23;) (type 17) ;; check-struct
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.cast (ref 0)
    struct.get 0 0
    local.get 1
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;24;) (type 19) ;; make-sub
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    local.get 0
    call 3
    local.get 0
    call 3
    i64.const 32
    i64.shr_u
    i64.xor
    i32.wrap_i64
    struct.new 1
  )
  (func (;25;) (type 17) ;; check-sub
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.cast (ref 1)
    struct.get 1 0
    local.get 1
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 0
    ref.cast (ref 1)
    struct.get 1 1
    local.get 1
    global.set 2
    call 24
    struct.get 1 1
    i32.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;26;) (type 20) ;; make-node
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    local.get 0
    call 3
    ref.null 2
    struct.new 2
    struct.new 2
  )
  (func (;27;) (type 17) ;; check-node
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.cast (ref 2)
    struct.get 2 0
    local.get 1
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 0
    ref.cast (ref 2)
    struct.get 2 1
    struct.get 2 0
    local.get 1
    call 3
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;28;) (type 21) ;; make-array
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    i32.const 3
    array.new 3
  )
  (func (;29;) (type 17) ;; check-array
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.cast (ref 3)
    array.len
    i32.const 3
    i32.ne
    if
      global.get 3
      call 0
    end
    local.get 0
    ref.cast (ref 3)
    i32.const 2
    array.get 3
    local.get 1
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;30;) (type 22) ;; make-none
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    ref.null none
  )
  (func (;31;) (type 17) ;; check-none
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.is_null
    i32.eqz
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;32;) (type 23) ;; make-extern
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    struct.new 0
    extern.convert_any
  )
  (func (;33;) (type 24) ;; check-extern
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    any.convert_extern
    ref.cast (ref 0)
    struct.get 0 0
    local.get 1
    i64.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;34;) (type 25) ;; make-noextern
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    ref.null noextern
  )
  (func (;35;) (type 26) ;; check-noextern
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.is_null
    i32.eqz
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;36;) (type 27) ;; make-func
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    local.get 0
    i64.const 32
    i64.shr_u
    i32.wrap_i64
    i32.const 3
    i32.and
    i32.const 1
    i32.ne
    i32.eqz
    if (type 27)
      ref.func 7
      else
      local.get 0
      i64.const 32
      i64.shr_u
      i32.wrap_i64
      i32.const 3
      i32.and
      i32.const 2
      i32.ne
      i32.eqz
      if (type 27)
        ref.func 8
        else
        local.get 0
        i64.const 32
        i64.shr_u
        i32.wrap_i64
        i32.const 3
        i32.and
        i32.const 3
        i32.ne
        i32.eqz
        if (type 27)
          ref.func 9
          else
          ref.func 6
        end
      end
    end
  )
  (func (;37;) (type 28) ;; check-func
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.cast (ref 4)
    call_ref 4
    local.get 1
    global.set 2
    call 36
    ref.cast (ref 4)
    call_ref 4
    i32.ne
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
  (func (;38;) (type 29) ;; make-nofunc
    (local i64)
    global.get 2
    local.tee 0
    i64.const 1
    i64.add
    global.set 2
    ref.null nofunc
  )
  (func (;39;) (type 30) ;; check-nofunc
    (local i64)
    global.get 2
    local.set 1
    local.get 0
    ref.is_null
    i32.eqz
    if
      global.get 3
      call 0
    end
    local.get 1
    i64.const -1
    i64.add
    global.set 2
  )
)
